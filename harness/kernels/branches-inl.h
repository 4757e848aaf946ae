// What the kernels of several depthwise convolutions of one input share. Compiled once an instruction set.
#if defined(ABLATE_KERNELS_BRANCHES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_BRANCHES_INL_H_
#undef ABLATE_KERNELS_BRANCHES_INL_H_
#else
#define ABLATE_KERNELS_BRANCHES_INL_H_
#endif

#include "harness/kernels/branches.h"
#include "harness/kernels/taps-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

constexpr int kStride = 2;  // of all of them

/// The weights of all branches as vectors.
struct PackedBranches {
  PackedBranches(Scratch& scratch, const Depthwise& s, int count_of_them)
      : count(count_of_them),
        first(scratch.take<int>(count + 1)),
        points(scratch.take<bool>(count)),
        order(scratch.take<int>(count)) {
    first[0] = 0;
    full = s.kernel_height * s.kernel_width;
  }
  /// They are added in order, then packed.
  void add(int b, const DepthwiseBranch& branch) {
    points[b] = branch.point;
    first[b + 1] = first[b] + (branch.point ? 1 : full);
    const int points_before = b - whole;
    order[branch.point ? count - 1 - points_before : whole++] = b;
  }
  void put(int b, const DepthwiseBranch& branch, int channels) const {
    for (int c = 0; c < channels; ++c)
      for (int t = 0; t < taps(b); ++t)
        weights[(c / kLanes * all() + first[b] + t) * kLanes + c % kLanes] =
            branch.w[std::int64_t(c) * taps(b) + t];
  }

  int taps(int b) const { return first[b + 1] - first[b]; }
  std::int64_t all() const { return first[count]; }
  const float* of(int vector) const { return weights + vector * all() * kLanes; }
  const float* of(int vector, int b) const { return of(vector) + first[b] * kLanes; }

  /// Calls use.operator()<B>(branches) for those with a whole kernel (or, with points, for the others), three
  /// or fewer at a time.
  template <class Use>
  HWY_INLINE void for_sets(bool of_points, const Use& use) const {
    int i = of_points ? whole : 0;
    const int end = of_points ? count : whole;
    for (; i + 3 <= end; i += 3) use.template operator()<3>(order + i);
    if (i + 2 == end) use.template operator()<2>(order + i);
    if (i + 1 == end) use.template operator()<1>(order + i);
  }

  int count, full, whole = 0;
  int* first;                // [count + 1], of each branch's taps
  bool* points;              // [count]
  int* order;                // [count], the `whole` ones with a whole kernel before the others
  float* weights = nullptr;  // [vectors, all taps, kLanes]
};

/// Its weights once for every image.
inline DepthwiseBranch repeated(Scratch& scratch, const JointImages& joint, const Depthwise& s,
                                const DepthwiseBranch& branch) {
  return {joint.repeated(scratch, branch.w, branch.point ? 1 : s.kernel_height * s.kernel_width),
          branch.point};
}

/// `branch_of(i)`: the i-th of them.
template <class BranchOf>
PackedBranches packed(Scratch& scratch, const Depthwise& s, std::size_t count, const BranchOf& branch_of) {
  PackedBranches all(scratch, s, int(count));
  for (int b = 0; b < all.count; ++b) all.add(b, branch_of(b));
  all.weights = scratch.zeros<float>(padded(s.channels) * all.all());
  for (int b = 0; b < all.count; ++b) all.put(b, branch_of(b), s.channels);
  return all;
}

/// What B branches, of weights [KW columns] each, make of P outputs of a row: they see the same values, which
/// are loaded once.
template <int KW, int B, int P>
HWY_INLINE void convolve_all(const Taps& taps, std::int64_t at, const float* const (&weights)[B],
                             Vector (&sum)[B][P]) {
  unrolled<B>([&](auto b) HWY_ATTR __attribute__((always_inline)) {
    unrolled<P>([&](auto p) HWY_ATTR __attribute__((always_inline)) { sum[b][p] = all(0); });
  });
  for (int k = 0; k < taps.count; ++k) {
    const float* in = taps.row[k] + at;
    Vector w[B][KW];
    unrolled<B>([&](auto b) HWY_ATTR __attribute__((always_inline)) {
      unrolled<KW>([&](auto j) HWY_ATTR __attribute__((always_inline)) {
        w[b][j] = hn::Load(kFloats, weights[b] + taps.weight[k] + j * kLanes);
      });
    });
    unrolled<(P - 1) * kStride + KW>([&](auto t) HWY_ATTR __attribute__((always_inline)) {
      const Vector x = hn::Load(kFloats, in + t * kLanes);
      unrolled<KW>([&](auto j) HWY_ATTR __attribute__((always_inline)) {
        constexpr int kFrom = t - j, kTo = kFrom / kStride;
        if constexpr (kFrom >= 0 && kFrom % kStride == 0 && kTo < P)
          unrolled<B>([&](auto b) HWY_ATTR
                      __attribute__((always_inline)) { sum[b][kTo] = hn::MulAdd(x, w[b][j], sum[b][kTo]); });
      });
    });
  }
}

/// A ring of a group of vectors of the input, and where the rows that an output row sees are in it, whatever
/// the image.
struct BranchRings {
  BranchRings(Scratch& scratch, const Depthwise& shape, int slots, int vectors)
      : s(shape),
        x(scratch, slots, vectors, s.width, s.kernel_width / 2),
        taps(scratch.take<Taps>(s.out_height())),
        points(scratch.take<Taps>(s.out_height())) {
    for (int oh = 0; oh < s.out_height(); ++oh) {
      const int top = oh * s.stride - s.kernel_height / 2;
      taps[oh] = points[oh] = {};
      for (int k = 0; k < s.kernel_height; ++k) taps[oh].add(x.row(0, top + k, s.height), k, s.kernel_width);
      points[oh].add(x.row(0, oh * s.stride, s.height) + x.ring.halo * kLanes, 0, 1);
    }
  }

  Depthwise s;
  CentredRing x;
  Taps *taps, *points;  // [output height]: those of the whole kernel, and of its middle
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#endif
