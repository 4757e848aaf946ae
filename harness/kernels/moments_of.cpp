#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/moments_of.cpp"
#include <hwy/foreach_target.h>

#include "harness/kernels/elementwise.h"
#include "harness/kernels/isa.h"
#include "harness/kernels/wide-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {

namespace {

/// Sums over a band of pixels of what is read, and of its squares, relative to `at`; of a row of them each.
template <class A>
HWY_FLATTEN HWY_NOINLINE void sum_band(const Wide& pixels, std::int64_t begin, std::int64_t end,
                                       const WideSource& source, A act, const BandMoments& band) {
  const WideSource x = source;
  const Wide wide = pixels;
  float *first = band.at, *sums = band.sum, *squares = band.square;
  for_spots(wide, begin, end, [=]<int R>(Pixels<R>, const Spot& at, auto lanes) HWY_ATTR {
    const Vector start = lanes.load(first + at.i);
    Vector value[R], sum = all(0), square = all(0);
    x.read(act, at, lanes, value);
    for (int r = 0; r < R; ++r) {
      const Vector off = hn::Sub(value[r], start);
      sum = hn::Add(sum, off);
      square = hn::MulAdd(off, off, square);
    }
    lanes.store(hn::Add(lanes.load(sums + at.i), sum), sums + at.i);
    lanes.store(hn::Add(lanes.load(squares + at.i), square), squares + at.i);
  });
}

/// `at` [C]: the values of one pixel.
template <class A>
HWY_FLATTEN HWY_NOINLINE void read_pixel(const Wide& pixels, std::int64_t pixel, const WideSource& x, A act,
                                         float* at) {
  for_vectors(pixels.channels, [&](int c, auto lanes) HWY_ATTR {
    Vector value[1];
    x.read(act, Spot{pixel, 0, c, 0}, lanes, value);
    lanes.store(value[0], at + c);
  });
}

}  // namespace

void moments_of_rows(std::int64_t begin, std::int64_t end, int channels, const Source& x,
                     RunningMoments& total) {
  Scratch scratch;
  const Wide wide(channels, is_dense(x, channels));
  const WideSource source(x, wide, scratch);
  float* first = scratch.take<float>(channels);
  float* values = scratch.take<float>(3 * wide.width());
  const BandMoments row{values, values + wide.width(), values + 2 * wide.width()};
  with_act(x.act, [&](auto act) {
    const std::int64_t step = std::min<std::int64_t>(kBandRows, 128 * wide.pixels);
    for (std::int64_t band = begin; band < end; band += step) {
      const std::int64_t last = std::min(end, band + step);
      read_pixel(wide, band, source, act, first);
      for (int p = 0; p < wide.pixels; ++p) std::copy_n(first, channels, row.at + p * channels);
      std::fill_n(row.sum, 2 * wide.width(), 0.0f);
      sum_band(wide, band, last, source, act, row);
      for (int c = 0; c < channels; ++c) {
        double sum = 0, square = 0;
        for (int p = 0; p < wide.pixels; ++p) {
          sum += row.sum[p * channels + c];
          square += row.square[p * channels + c];
        }
        row.sum[c] = static_cast<float>(sum);
        row.square[c] = static_cast<float>(square);
      }
      add_band(total, row, static_cast<double>(last - band), channels);
    }
  });
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
