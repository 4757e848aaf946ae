#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/shared_gradient.cpp"
#include <hwy/foreach_target.h>

#include "harness/kernels/chunks.h"
#include "harness/kernels/elementwise.h"
#include "harness/kernels/isa.h"
#include "harness/kernels/lines_ahead-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// Rows whose sums are taken in float: those of both maps stay in the first cache.
constexpr int kBand = 128;

/// A column of vectors of g beside the same channels of one of the maps. Those of the next band are asked for
/// meanwhile.
template <class T>
struct Column {
  const T *g, *y;
  std::int64_t g_stride, y_stride;
  const float* centre;
  double *sum, *dot;

  /// Four rows at a time, each pair with sums of its own.
  template <class L>
  HWY_INLINE void add(int rows, int count, const L& lanes) const {
    const Vector zero = hn::Zero(Floats()), middle = lanes.load(centre);
    Vector sums[2] = {zero, zero}, dots[2] = {zero, zero};
    int r = 0;
    for (; r + 4 <= rows; r += 4) {
      HWY_UNROLL(4)
      for (int i = 0; i < 4; ++i) add(r + i, lanes, middle, sums[i % 2], dots[i % 2]);
    }
    for (; r < rows; ++r) add(r, lanes, middle, sums[0], dots[0]);
    put(hn::Add(sums[0], sums[1]), count, sum);
    put(hn::Add(dots[0], dots[1]), count, dot);
  }

 private:
  template <class L>
  HWY_INLINE void add(int r, const L& lanes, Vector middle, Vector& sums, Vector& dots) const {
    const T *of_g = g + r * g_stride, *of_y = y + r * y_stride;
    ask_for<Level::Second>(of_g + kBand * g_stride);
    ask_for<Level::Second>(of_y + kBand * y_stride);
    const Vector part = lanes.load(of_g);
    sums = hn::Add(sums, part);
    dots = hn::MulAdd(part, hn::Sub(lanes.load(of_y), middle), dots);
  }

  static HWY_INLINE void put(Vector v, int count, double* to) {
    HWY_ALIGN float lanes[kLanes];
    hn::Store(v, Floats(), lanes);
    for (int i = 0; i < count; ++i) to[i] += lanes[i];
  }
};

template <class T>
void add_band(const SharedGradient& all, std::int64_t row, int rows, double* sums, double* dots) {
  for (int map = 0; map < all.maps; ++map)
    for (int c = 0; c < all.channels; c += kLanes) {
      const int at = map * all.channels + c, count = std::min(kLanes, all.channels - c);
      const Column<T> column{all.g.as<T>() + row * all.g_stride + c,
                             all.y.as<T>() + row * all.y_stride + at,
                             all.g_stride,
                             all.y_stride,
                             all.centre + at,
                             sums + at,
                             dots + at};
      if (count == kLanes)
        column.add(rows, count, AllLanes());
      else
        column.add(rows, count, Lanes(count));
    }
}

void add_shared(const SharedGradient& all, std::int64_t begin, std::int64_t end, double* sums, double* dots) {
  with_type(all.g.type(), [&]<class T>() HWY_ATTR {
    for (std::int64_t row = begin; row < end; row += kBand)
      add_band<T>(all, row, static_cast<int>(std::min<std::int64_t>(kBand, end - row)), sums, dots);
  });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(add_shared);

void shared_gradient_sums(const SharedGradient& all, double* sum, double* dot, const ForEach& each) {
  constexpr int band = HWY_STATIC_DISPATCH(kBand);  // the same for every instruction set
  const auto chunks = cut(all.rows, band, band);
  Scratch scratch;
  ChunkPairs parts(scratch, chunks.count, all.maps * all.channels);
  instruction_set();
  each(chunks.count, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(add_shared)
    (all, chunks.begin(i), chunks.end(i), parts.first(i), parts.second(i));
  });
  parts.add_to(sum, dot);
}

}  // namespace ablate::kernels
#endif
