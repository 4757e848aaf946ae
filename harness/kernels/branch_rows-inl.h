// Rows of the gradients of several depthwise convolutions of one input, and what they give it. Compiled once
// an instruction set.
#if defined(ABLATE_KERNELS_BRANCH_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_BRANCH_ROWS_INL_H_
#undef ABLATE_KERNELS_BRANCH_ROWS_INL_H_
#else
#define ABLATE_KERNELS_BRANCH_ROWS_INL_H_
#endif

#include "harness/kernels/branches-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// The factors of a gradient c1 * dz + c2 * x + c3 in whole vectors.
struct Factors {
  const float *c1, *c2, *c3;
};

/// Such a gradient of one vector of every kStride-th pixel of a row, from rows of dz and of the input.
class MiddleRow {
 public:
  MiddleRow() = default;  // of nothing
  MiddleRow(const Factors& factors, int vector, const float* gradients, const float* inputs)
      : dz_(gradients),
        x_(inputs),
        c1_(hn::Load(kFloats, factors.c1 + vector * kLanes)),
        c2_(hn::Load(kFloats, factors.c2 + vector * kLanes)),
        c3_(hn::Load(kFloats, factors.c3 + vector * kLanes)) {}

  /// Adds it to P of these pixels from the i-th on.
  template <int P>
  HWY_INLINE void add(int i, Vector (&part)[P]) const {
    if (!dz_) return;
    unrolled<P>([&](auto p) HWY_ATTR __attribute__((always_inline)) {
      const Vector dz = hn::Load(kFloats, dz_ + (i + p) * kLanes);
      const Vector x = hn::Load(kFloats, x_ + (i + p) * kStride * kLanes);
      part[p] = hn::Add(part[p], hn::MulAdd(c1_, dz, hn::MulAdd(c2_, x, c3_)));
    });
  }

 private:
  const float *dz_ = nullptr, *x_ = nullptr;
  Vector c1_, c2_, c3_;
};

/// Rows of the branches' gradients that a row of dx sees, and where their weights are among those of all.
struct BackRows {
  const float** row;
  int* weight;
  int count = 0;

  void add(const float* ring_row, int tap) {
    row[count] = ring_row;
    weight[count++] = tap * kLanes;
  }
};

/// Of one branch: rows of its gradient, and those that go with rows of the input.
struct BranchRows {
  BranchRows(Scratch& scratch, const Depthwise& s, const BranchRings& rings, int slots)
      : d(scratch, slots, rings.x.ring.vectors, s.out_width(), s.kernel_width / 2),
        products(scratch.take<ProductRow>(s.out_height())) {
    for (int oh = 0; oh < s.out_height(); ++oh) {
      std::copy_n(rings.taps[oh].row, rings.taps[oh].count, products[oh].x);
      products[oh].d = d.row(oh);
    }
  }

  /// Adds the rows that row h of dx sees; first: of the branch's taps.
  void add_back_rows(const Depthwise& s, int h, int first, BackRows& back) const {
    for (int k = s.kernel_height - 1; k >= 0; --k) {
      const int from = h + s.kernel_height / 2 - k;
      if (from >= 0 && from % s.stride == 0 && from / s.stride < s.out_height())
        back.add(d.row(from / s.stride), first + k * s.kernel_width);
    }
  }

  Ring d;
  ProductRow* products;  // [output height]
};

/// For each row of dx, those of all branches.
inline const BackRows* back_rows(Scratch& scratch, const Depthwise& s, const PackedBranches& all,
                                 const BranchRows* branches) {
  auto* back = scratch.take<BackRows>(s.height);
  for (int h = 0; h < s.height; ++h) {
    const int most = all.count * s.kernel_height;
    back[h] = {scratch.take<const float*>(most), scratch.take<int>(most)};
    for (int b = 0; b < all.count; ++b) branches[b].add_back_rows(s, h, all.first(b), back[h]);
  }
  return back;
}

/// Adds to kStride times P pixels of a row of dx, the first a multiple of kStride; sum: by what they are more
/// than one.
template <int KW, int P>
HWY_INLINE void add_back_all(const BackRows& rows, std::int64_t at, const float* weights,
                             Vector (&sum)[kStride][P]) {
  for_back<KW, kStride, P>(
      rows, at,
      weights, [&](auto offset, Vector gradient, Vector weight) HWY_ATTR __attribute__((always_inline)) {
        if constexpr (offset >= 0 && offset < P * kStride) {
          constexpr int kRest = offset % kStride, kTo = offset / kStride;
          sum[kRest][kTo] = hn::MulAdd(gradient, weight, sum[kRest][kTo]);
        }
      });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#endif
