#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/sum.cpp"
#include <hwy/foreach_target.h>

#include "harness/kernels/elementwise.h"
#include "harness/kernels/isa.h"
#include "harness/kernels/wide-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {

HWY_FLATTEN void sum_rows(std::int64_t begin, std::int64_t end, std::int64_t all_rows, int channels,
                          std::span<const Source> sources, Values out, std::int64_t out_stride) {
  Scratch scratch;
  bool dense = out_stride == channels;
  for (const auto& source : sources) dense = dense && source.stride == channels;
  const Wide wide(channels, dense);
  const WideOutput output(out, out_stride, wide, all_rows, kRowsOfWholeLines);
  WideSource* wide_sources = scratch.take<WideSource>(std::ssize(sources));
  for (std::size_t i = 0; i < sources.size(); ++i)
    new (wide_sources + i) WideSource(sources[i], wide, scratch);
  for_spots(wide, begin, end, [=]<int R>(Pixels<R>, const Spot& at, auto lanes) HWY_ATTR {
    Vector sum[R];
    for (int r = 0; r < R; ++r) sum[r] = all(0);
    for (std::size_t i = 0; i < sources.size(); ++i) {
      Vector value[R];
      wide_sources[i].read(sources[i].act, at, lanes, value);
      for (int r = 0; r < R; ++r) sum[r] = hn::Add(sum[r], value[r]);
    }
    output.store(at, lanes, sum);
  });
  output.flush();
}

}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(sum_rows);

void sum_forward(std::int64_t rows, int channels, std::span<const Source> sources, Values out,
                 std::int64_t out_stride, const ForEach& each) {
  const Ranges chunks(rows, rows_of_a_range(channels), kRowsOfWholeLines);
  instruction_set();
  each(chunks.count, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(sum_rows)(chunks.begin(i), chunks.end(i), rows, channels, sources, out, out_stride);
  });
}

}  // namespace ablate::kernels
#endif
