#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/moments_of.cpp"
#include <hwy/foreach_target.h>

#include "harness/kernels/activations-inl.h"
#include "harness/kernels/elementwise.h"
#include "harness/kernels/isa.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {

void moments_of_rows(std::int64_t begin, std::int64_t end, int channels, const Source& x,
                     RunningMoments& total) {
  Scratch scratch;
  float* values = scratch.take<float>(3 * padded(channels));
  const BandMoments band{values, values + padded(channels), values + 2 * padded(channels)};
  for (std::int64_t first = begin; first < end; first += kBandRows) {
    const std::int64_t last = std::min(end, first + kBandRows);
    std::fill_n(band.sum, 2 * padded(channels), 0.0f);
    for (int c = 0; c < channels; c += kLanes) {
      Vector value[1];
      read(x, first, c, std::min(kLanes, channels - c), value);
      hn::Store(value[0], kFloats, band.at + c);
    }
    for_tiles(first, last, channels, [&]<int R>(Pixels<R>, std::int64_t row, int c, int count) HWY_ATTR {
      Vector value[R];
      read(x, row, c, count, value);
      add_values(band, c, value);
    });
    add_band(total, band, static_cast<double>(last - first), channels);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(moments_of_rows);

void moments_of(std::int64_t rows, int channels, const Source& x, const Moments& moments,
                const ForEach& each) {
  const Ranges chunks(rows, rows_of_a_range(channels));
  Scratch scratch;
  ChunkMoments parts(scratch, chunks, channels, moments);
  if (!parts.wanted()) return;
  instruction_set();
  each(chunks.count, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(moments_of_rows)(chunks.begin(i), chunks.end(i), channels, x, parts.of(i));
  });
  parts.finish();
}

}  // namespace ablate::kernels
#endif
