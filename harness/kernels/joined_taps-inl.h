// Two taps of the same output, joined: the part of the gradient that a pixel gets from the input around it.
// Compiled once an instruction set.
#if defined(ABLATE_KERNELS_JOINED_TAPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_JOINED_TAPS_INL_H_
#undef ABLATE_KERNELS_JOINED_TAPS_INL_H_
#else
#define ABLATE_KERNELS_JOINED_TAPS_INL_H_
#endif

#include "harness/kernels/sides.h"
#include "harness/kernels/taps-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// Adds to P pixels what a kernel of rows around.count, odd, and W columns makes of the input around them, if
/// its value at a distance is that at the opposite distance: their inputs are added before they are
/// multiplied.
template <int W, int P>
HWY_INLINE void add_symmetric(const Taps& around, std::int64_t at, const float* weights, Vector (&sum)[P]) {
  const int half = around.count / 2;
  for (int k = 0; k < half; ++k) {
    const float *above = around.row[k] + at, *below = around.row[around.count - 1 - k] + at;
    const float* from = weights + around.weight[k];
    unrolled<W>([&](auto j) HWY_ATTR __attribute__((always_inline)) {
      const Vector weight = hn::Load(kFloats, from + j * kLanes);
      unrolled<P>([&](auto p) HWY_ATTR __attribute__((always_inline)) {
        const Vector both = hn::Add(hn::Load(kFloats, above + (p + j) * kLanes),
                                    hn::Load(kFloats, below + (p + W - 1 - j) * kLanes));
        sum[p] = hn::MulAdd(both, weight, sum[p]);
      });
    });
  }
  const float *middle = around.row[half] + at, *from = weights + around.weight[half];
  unrolled<W / 2 + 1>([&](auto j) HWY_ATTR __attribute__((always_inline)) {
    const Vector weight = hn::Load(kFloats, from + j * kLanes);
    unrolled<P>([&](auto p) HWY_ATTR __attribute__((always_inline)) {
      Vector value = hn::Load(kFloats, middle + (p + j) * kLanes);
      if constexpr (j < W / 2) value = hn::Add(value, hn::Load(kFloats, middle + (p + W - 1 - j) * kLanes));
      sum[p] = hn::MulAdd(value, weight, sum[p]);
    });
  });
}

/// Pixel q gets sum over taps t that some output has at q, and over taps u of that output, of
///   constant_t - curvature_tu (x_u - centre).
/// By the distance between t and u that is a convolution with a kernel of 2 kernel height - 1 rows and 2
/// kernel width - 1 columns, whose values depend on which taps t there are. Rows have a kernel each class.
/// Along a row, every pixel is given that of the middle of the image, and what outputs beyond the left and
/// the right end would give is taken back: of the columns of the image they see only the first or the last
/// kernel width / 2.
struct JoinedTaps {
  JoinedTaps(Scratch& scratch, const Depthwise& s, const TapGradient& gradient);

  /// Calls use(k) for the rows of the kernel, from the top, that are not zero in a row of that class.
  template <class Use>
  void for_rows(int row_class, const Use& use) const {
    for (int k = 0; k < 2 * kernel_height - 1; ++k)
      for (int t = 0; t < kernel_height; ++t)
        if (rows.sees(t, row_class) && k + t >= kernel_height - 1 && k + t < 2 * kernel_height - 1) {
          use(k);
          break;
        }
  }

  /// The kernels of one vector in one class of rows.
  HWY_INLINE const float* of(int vector, int row_class) const {
    return values + (std::int64_t(vector) * rows.classes() + row_class) * size();
  }

  /// What P pixels of the middle get, without what the input adds: sum[P]; and with it. around: rows of the
  /// ring (x less its centre, also beyond the border); at: where they begin.
  template <int P>
  HWY_INLINE void begin(const float* kernel, Vector (&sum)[P]) const {
    const Vector constant = hn::Load(kFloats, kernel + area * kLanes);
    HWY_UNROLL(8)
    for (int p = 0; p < P; ++p) sum[p] = constant;
  }
  template <int KW, int P>
  HWY_INLINE void add(const float* kernel, const Taps& around, std::int64_t at, Vector (&sum)[P]) const {
    // All taps see such a row.
    if (around.count == 2 * kernel_height - 1) return add_symmetric<2 * KW - 1>(around, at, kernel, sum);
    add_convolution<2 * KW - 1, 1>(around, at, kernel, sum);
  }

  /// What the ends of a row get besides, added to out [width, kLanes], which is zero elsewhere.
  template <int KW>
  HWY_INLINE void ends(const float* kernel, const Taps& around, std::int64_t at, int width,
                       float* out) const {
    constexpr int kHalf = KW / 2;
    for (int e = 0; e < 2 * kHalf; ++e)
      if (const Edge edge(width, kHalf, e); edge.position >= 0)
        hn::Store(all(0), kFloats, out + edge.position * kLanes);
    kernel += (area + 1) * kLanes;
    for (int e = 0; e < 2 * kHalf; ++e, kernel += (edge_area + 1) * kLanes) {
      const Edge edge(width, kHalf, e);
      if (edge.position < 0) continue;
      Vector sum = hn::Load(kFloats, kernel + edge_area * kLanes);
      for (int k = 0; k < around.count; ++k) {
        const float* x = around.row[k] + at + (KW - 1 + edge.column) * kLanes;
        const float* weights = kernel + around.weight[k] / (2 * KW - 1) * kHalf;
        HWY_UNROLL(2)
        for (int j = 0; j < kHalf; ++j)
          sum = hn::MulAdd(hn::Load(kFloats, x + j * kLanes), hn::Load(kFloats, weights + j * kLanes), sum);
      }
      add_to(out + edge.position * kLanes, sum);
    }
  }

  Side rows;

 private:
  /// Number e of the positions at the ends of a row: `half` at the left, then as many at the right.
  struct Edge {
    Edge(int width, int half, int e) : left(e < half) {
      position = left ? e : width - 2 * half + e;
      if (position >= width) position = -1;
      column = left ? 0 : std::max(0, width - half);
    }
    bool left;
    int position;  // negative: there is none
    int column;    // first of those that outputs beyond the end see
  };

  /// Floats of one vector in one class of rows.
  int size() const { return (area + 1 + kernel_width / 2 * 2 * (edge_area + 1)) * kLanes; }
  void fill(const Depthwise& s, int row_class, const float* constant, const float* curvature, Vector centre,
            float* kernel) const;
  void add(int t, int u, int columns, int column, Vector value, float* kernel) const;

  int kernel_height, kernel_width, area, edge_area;
  float* values;  // [vectors, row classes, size]: kernels of the middle, then of the ends, each before its
                  // constant
};

JoinedTaps::JoinedTaps(Scratch& scratch, const Depthwise& s, const TapGradient& gradient)
    : rows(s.height, s.kernel_height, s.kernel_height / 2),
      kernel_height(s.kernel_height),
      kernel_width(s.kernel_width),
      area((2 * s.kernel_height - 1) * (2 * s.kernel_width - 1)),
      edge_area((2 * s.kernel_height - 1) * (s.kernel_width / 2)) {
  const int taps = kernel_height * kernel_width, vectors = padded(s.channels) / kLanes;
  values = scratch.zeros<float>(std::int64_t(vectors) * rows.classes() * size());
  for (int v = 0; v < vectors; ++v) {
    Scratch inner;
    const int c = v * kLanes, count = std::min(kLanes, s.channels - c);
    const float* constant = pack(inner, gradient.constant + std::int64_t(c) * taps, count, taps);
    const float* curvature =
        pack(inner, gradient.curvature + std::int64_t(c) * taps * taps, count, taps * taps);
    const Vector centre = load_first(gradient.centre + c, count);
    for (int r = 0; r < rows.classes(); ++r)
      fill(s, r, constant, curvature, centre, values + (std::int64_t(v) * rows.classes() + r) * size());
  }
}

/// The kernels of one vector in one class of rows.
void JoinedTaps::fill(const Depthwise& s, int row_class, const float* constant, const float* curvature,
                      Vector centre, float* kernel) const {
  const int half = kernel_width / 2, taps = kernel_height * kernel_width;
  for (int t = 0; t < taps; ++t) {
    if (!rows.sees(t / kernel_width, row_class)) continue;
    const int column = t % kernel_width;
    add_to(kernel + area * kLanes, hn::Load(kFloats, constant + t * kLanes));
    for (int u = 0; u < taps; ++u)
      add(t, u, 2 * kernel_width - 1, u % kernel_width - column + kernel_width - 1,
          hn::Neg(hn::Load(kFloats, curvature + (t * taps + u) * kLanes)), kernel);
    for (int e = 0; e < 2 * half; ++e) {
      const Edge edge(s.width, half, e);
      const int from = edge.position - column + half;  // the output that has t there
      if (edge.position < 0 || (edge.left ? from >= 0 : from < s.width)) continue;
      float* end = kernel + (area + 1 + e * (edge_area + 1)) * kLanes;
      Vector sum = hn::Load(kFloats, constant + t * kLanes);
      for (int u = 0; u < taps; ++u) {
        const int seen = from + u % kernel_width - half;
        const Vector value = hn::Load(kFloats, curvature + (t * taps + u) * kLanes);
        if (seen >= 0 && seen < s.width)
          add(t, u, half, seen - edge.column, value, end);
        else
          sum = hn::MulAdd(value, centre, sum);
      }
      add_to(end + edge_area * kLanes, hn::Neg(sum));
    }
  }
}

/// Adds to a kernel of so many columns where taps t and u meet.
void JoinedTaps::add(int t, int u, int columns, int column, Vector value, float* kernel) const {
  const int row = u / kernel_width - t / kernel_width + kernel_height - 1;
  add_to(kernel + (row * columns + column) * kLanes, value);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#endif
