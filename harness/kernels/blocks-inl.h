// Gradients that a kernel keeps in the cache as rows without gaps, passed back through a Source. Compiled
// once an instruction set.
#if defined(ABLATE_KERNELS_BLOCKS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_BLOCKS_INL_H_
#undef ABLATE_KERNELS_BLOCKS_INL_H_
#else
#define ABLATE_KERNELS_BLOCKS_INL_H_
#endif

#include "harness/kernels/wide-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// Passes gradients of pixels begin .. end, rows without gaps, back through x.
template <class A>
HWY_FLATTEN HWY_NOINLINE void pass_block(const Wide& pixels, std::int64_t begin, std::int64_t end,
                                         const float* gradients, const WideSource& source, A act,
                                         const WideGradient& gradient) {
  const WideSource x = source;
  const WideGradient dx = gradient;
  const Wide wide = pixels;
  for_spots(wide, begin, end, [=]<int R>(Pixels<R>, const Spot& at, auto lanes) HWY_ATTR {
    Vector g[R];
    for (int r = 0; r < R; ++r) g[r] = lanes.load(gradients + place_of(at, r, begin, wide.channels));
    dx.pass(x, act, at, lanes, g);
  });
}

/// Passes one and the same row of gradients back through so many rows of the map.
template <class A>
HWY_FLATTEN HWY_NOINLINE void pass_row(const Wide& pixels, std::int64_t pixel, int rows, int width,
                                       const float* row, const WideSource& source, A act,
                                       const WideGradient& gradient) {
  const WideSource x = source;
  const WideGradient dx = gradient;
  const Wide wide = pixels;
  for_image_rows(wide, pixel, rows, width,
                 [=]<int R>(Pixels<R>, const Spot& at, int place, auto lanes) HWY_ATTR {
                   Vector g[R];
                   for (int r = 0; r < R; ++r) g[r] = lanes.load(row + place);
                   dx.pass(x, act, at, lanes, g);
                 });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#endif
