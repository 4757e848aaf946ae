// Where the gradient of an input goes, row by row of one vector. Compiled once an instruction set.
#if defined(ABLATE_KERNELS_INPUT_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_INPUT_ROWS_INL_H_
#undef ABLATE_KERNELS_INPUT_ROWS_INL_H_
#else
#define ABLATE_KERNELS_INPUT_ROWS_INL_H_
#endif

#include "harness/kernels/depthwise_backward-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// One vector of a row of dx: what the input and its gradient have there.
struct InputRow {
  InputRow(const Reading& input, const GradientOut& dx, const BandGradients& sums, int channels,
           std::int64_t pixel, int c, bool past_caches)
      : reading(input),
        raw(input.x.data + pixel * input.x.stride + c),
        to(input, dx, sums, pixel, c, past_caches),
        count(std::min(kLanes, channels - c)),
        masks(input.x.act != Act::None) {
    if (!masks) return;
    scale = hn::Load(kFloats, input.x.scale + c);
    shift = hn::Load(kFloats, input.x.shift + c);
  }

  /// Masks, sums and stores P pixels from w on, S apart.
  template <int S, int P>
  HWY_INLINE void store(int w, Vector (&part)[P]) const {
    const std::int64_t stride = reading.x.stride;
    Vector value[P];
    if (masks || to.sum) load_pixels(raw + w * stride, S * stride, count, value);
    if (masks) {
      Vector z[P];
      HWY_UNROLL(8)
      for (int p = 0; p < P; ++p) z[p] = hn::MulAdd(scale, value[p], shift);
      mask_outside(reading, z, part);
    }
    if (to.sum) to.add(0, value, part);
    to.put<S>(w, 0, count, part);
  }

  const Reading& reading;
  ConstValues raw;
  GradientRow to;
  int count;
  bool masks;
  Vector scale, shift;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#endif
