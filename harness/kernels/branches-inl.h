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
  /// weights_of(b): those of branch b, [C, kernel height, kernel width]; joint: s is of its images.
  template <class WeightsOf>
  PackedBranches(Scratch& scratch, const JointImages& joint, const Depthwise& s, std::size_t count_of_them,
                 const WeightsOf& weights_of)
      : count(int(count_of_them)),
        taps(s.kernel_height * s.kernel_width),
        weights(scratch.zeros<float>(padded(s.channels) * all())) {
    for (int b = 0; b < count; ++b) {
      const float* w = joint.repeated(scratch, weights_of(b), taps);
      for (int c = 0; c < s.channels; ++c)
        for (int t = 0; t < taps; ++t)
          weights[(c / kLanes * all() + first(b) + t) * kLanes + c % kLanes] = w[std::int64_t(c) * taps + t];
    }
  }

  /// Taps of all branches; and where those of branch b begin among them.
  std::int64_t all() const { return first(count); }
  int first(int b) const { return b * taps; }
  const float* of(int vector) const { return weights + vector * all() * kLanes; }
  const float* of(int vector, int b) const { return of(vector) + first(b) * kLanes; }

  /// Calls use.operator()<B>(b) for branches b .. b + B, three or fewer at a time.
  template <class Use>
  HWY_INLINE void for_sets(const Use& use) const {
    int b = 0;
    for (; b + 3 <= count; b += 3) use.template operator()<3>(b);
    if (b + 2 == count) use.template operator()<2>(b);
    if (b + 1 == count) use.template operator()<1>(b);
  }

  int count, taps;
  float* weights;  // [vectors, all taps, kLanes]
};

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
  BranchRings(Scratch& scratch, const Depthwise& s, int slots, int vectors)
      : x(scratch, slots, vectors, s.width, s.kernel_width / 2), taps(scratch.take<Taps>(s.out_height())) {
    for (int oh = 0; oh < s.out_height(); ++oh) {
      const int top = oh * s.stride - s.kernel_height / 2;
      taps[oh] = {};
      for (int k = 0; k < s.kernel_height; ++k) taps[oh].add(x.row(0, top + k, s.height), k, s.kernel_width);
    }
  }

  /// Row h, from its first pixel on; at: where the vector is in rows of the ring.
  const float* pixels(int h, std::int64_t at) const { return x.ring.row(h) + at + x.ring.halo * kLanes; }

  CentredRing x;
  Taps* taps;  // [output height]
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#endif
