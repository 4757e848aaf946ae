#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/pass_gradient.cpp"
#include <hwy/foreach_target.h>

#include "harness/kernels/activations-inl.h"
#include "harness/kernels/elementwise.h"
#include "harness/kernels/isa.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {

void pass_rows(std::int64_t begin, std::int64_t end, int channels, ConstValues g, std::int64_t g_stride,
               const Source& x, const GradientOut& dx, double* sums) {
  Scratch scratch;
  const GradientStore store(dx, x, channels, scratch);
  for (std::int64_t band = begin; band < end; band += kBandRows) {
    for_tiles(band, std::min(end, band + kBandRows), channels,
              [&]<int R>(Pixels<R>, std::int64_t row, int c, int count) HWY_ATTR {
                Vector gradient[R];
                load_pixels(g + row * g_stride + c, g_stride, count, gradient);
                store.put(row, c, count, gradient);
              });
    store.flush(sums);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(pass_rows);

void pass_gradient(std::int64_t rows, int channels, ConstValues g, std::int64_t g_stride, const Source& x,
                   const GradientOut& dx, const ForEach& each) {
  const Ranges chunks(rows, rows_of_a_range(channels));
  Scratch scratch;
  const ChunkGradients sums(scratch, chunks, channels, dx);
  instruction_set();
  each(chunks.count, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(pass_rows)
    (chunks.begin(i), chunks.end(i), channels, g, g_stride, x, dx, sums.of(i));
  });
  sums.finish();
}

}  // namespace ablate::kernels
#endif
