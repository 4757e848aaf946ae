#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/pass_gradient.cpp"
#include <hwy/foreach_target.h>

#include "harness/kernels/elementwise.h"
#include "harness/kernels/isa.h"
#include "harness/kernels/wide-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {

namespace {

/// A band of pixels.
template <class A>
HWY_FLATTEN HWY_NOINLINE void pass_band(const Wide& pixels, std::int64_t begin, std::int64_t end,
                                        ConstValues g, std::int64_t g_stride, const WideSource& source, A act,
                                        const WideGradient& gradient) {
  const WideSource x = source;
  const WideGradient dx = gradient;
  const Wide wide = pixels;
  for_spots(wide, begin, end, [=]<int R>(Pixels<R>, const Spot& at, auto lanes) HWY_ATTR {
    Vector part[R];
    load_spot(g, g_stride, at, lanes, part);
    dx.pass(x, act, at, lanes, part);
  });
}

}  // namespace

void pass_rows(std::int64_t begin, std::int64_t end, std::int64_t all_rows, int channels, ConstValues g,
               std::int64_t g_stride, const Source& x, const GradientOut& dx, double* sums) {
  Scratch scratch;
  const Wide wide(channels, g_stride == channels && is_dense(x, channels) && is_dense(dx, channels));
  const WideSource source(x, wide, scratch);
  const WideGradient gradient(dx, wide, all_rows, kRowsOfWholeLines, scratch);
  with_act(x.act, [&](auto act) {
    const std::int64_t step = kBandRows * wide.pixels;
    for (std::int64_t band = begin; band < end; band += step) {
      pass_band(wide, band, std::min(end, band + step), g, g_stride, source, act, gradient);
      gradient.flush(sums);
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(pass_rows);

void pass_gradient(std::int64_t rows, int channels, ConstValues g, std::int64_t g_stride, const Source& x,
                   const GradientOut& dx, const ForEach& each) {
  const Ranges chunks(rows, rows_of_a_range(channels), kRowsOfWholeLines);
  Scratch scratch;
  const ChunkGradients sums(scratch, chunks, channels, dx);
  instruction_set();
  each(chunks.count, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(pass_rows)
    (chunks.begin(i), chunks.end(i), rows, channels, g, g_stride, x, dx, sums.of(i));
  });
  sums.finish();
}

}  // namespace ablate::kernels
#endif
