#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/sum.cpp"
#include <hwy/foreach_target.h>

#include "harness/kernels/activations-inl.h"
#include "harness/kernels/elementwise.h"
#include "harness/kernels/isa.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {

void sum_rows(std::int64_t begin, std::int64_t end, int channels, std::span<const Source> sources, Values out,
              std::int64_t out_stride) {
  for_tiles(begin, end, channels, [&]<int R>(Pixels<R>, std::int64_t row, int c, int count) HWY_ATTR {
    Vector sum[R];
    for (int r = 0; r < R; ++r) sum[r] = all(0);
    for (const auto& source : sources) {
      Vector value[R];
      read(source, row, c, count, value);
      for (int r = 0; r < R; ++r) sum[r] = hn::Add(sum[r], value[r]);
    }
    store_pixels(sum, out + row * out_stride + c, out_stride, count);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(sum_rows);

void sum_forward(std::int64_t rows, int channels, std::span<const Source> sources, Values out,
                 std::int64_t out_stride, const ForEach& each) {
  const Ranges chunks(rows, rows_of_a_range(channels));
  instruction_set();
  each(chunks.count, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(sum_rows)(chunks.begin(i), chunks.end(i), channels, sources, out, out_stride);
  });
}

}  // namespace ablate::kernels
#endif
