// Where the gradient of an input goes, row by row of one vector. Compiled once an instruction set.
#if defined(ABLATE_KERNELS_INPUT_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_INPUT_ROWS_INL_H_
#undef ABLATE_KERNELS_INPUT_ROWS_INL_H_
#else
#define ABLATE_KERNELS_INPUT_ROWS_INL_H_
#endif

#include "harness/kernels/depthwise_backward-inl.h"
#include "harness/kernels/joint_images-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// One vector of a row of dx: what the input and its gradient have there.
struct InputRow {
  /// Row h of a vector of a joint image of shape s.
  InputRow(const Reading& input, const GradientOut& dx, const BandGradients& sums, const JointImages& of,
           const Depthwise& s, std::int64_t image, int h, int vector, bool past_caches)
      : reading(input),
        joint(of),
        at(of.place(vector)),
        pixels(std::int64_t(s.height) * s.width),
        first((image * of.images() + at.image) * pixels + std::int64_t(h) * s.width),
        raw(input.x.data + first * input.x.stride + at.channel),
        to(input, dx, sums, first, vector * kLanes, at.channel, past_caches),
        masks(input.x.act != Act::None) {
    if (!masks) return;
    scale = hn::Load(kFloats, input.x.scale + vector * kLanes);
    shift = hn::Load(kFloats, input.x.shift + vector * kLanes);
  }

  /// Masks, sums and stores P pixels from w on, S apart.
  template <int S, int P>
  HWY_INLINE void store(int w, Vector (&part)[P]) const {
    if (!at.split()) return store_lanes<S>(w, at.count, part);
    Vector copy[P];  // so that what is not split stays in registers
    HWY_UNROLL(8)
    for (int p = 0; p < P; ++p) copy[p] = part[p];
    store_split<S>(w, copy);
  }

  const Reading& reading;
  const JointImages& joint;
  JointImages::Place at;
  std::int64_t pixels, first;  // of an image; the row's first
  ConstValues raw;
  GradientRow to;
  bool masks;
  Vector scale, shift;

 private:
  template <int S, int P>
  HWY_NOINLINE void store_split(int w, Vector (&part)[P]) const {
    store_lanes<S>(w, joint.split(at, pixels), part);
  }

  template <int S, int P, class Count>
  HWY_INLINE void store_lanes(int w, Count count, Vector (&part)[P]) const {
    const std::int64_t stride = reading.x.stride;
    Vector value[P];
    if (masks || to.sum) load_pixels(raw + w * stride, S * stride, in_map(count, stride), value);
    if (masks) {
      Vector z[P];
      HWY_UNROLL(8)
      for (int p = 0; p < P; ++p) z[p] = hn::MulAdd(scale, value[p], shift);
      mask_outside(reading, z, part);
    }
    if (to.sum) to.add(0, value, part);
    to.put<S>(w, 0, count, part);
  }
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#endif
