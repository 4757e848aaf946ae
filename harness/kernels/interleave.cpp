#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/interleave.cpp"
#include <hwy/foreach_target.h>

#include "harness/kernels/activations-inl.h"
#include "harness/kernels/elementwise.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {

/// out[2 i] = a[i], out[2 i + 1] = b[i] for i < count.
HWY_INLINE void store_in_turn(Vector a, Vector b, float* out, int count) {
  if (count >= kLanes) return hn::StoreInterleaved2(a, b, kFloats, out);
  HWY_ALIGN float both[2 * kLanes];
  hn::StoreInterleaved2(a, b, kFloats, both);
  store_first(hn::Load(kFloats, both), out, 2 * count);
  if (2 * count > kLanes) store_first(hn::Load(kFloats, both + kLanes), out + kLanes, 2 * count - kLanes);
}

HWY_INLINE void load_in_turn(const float* in, int count, Vector& a, Vector& b) {
  if (count >= kLanes) return hn::LoadInterleaved2(kFloats, in, a, b);
  HWY_ALIGN float both[2 * kLanes];
  hn::Store(load_first(in, 2 * count), kFloats, both);
  hn::Store(load_first(in + std::min(kLanes, 2 * count), std::max(0, 2 * count - kLanes)), kFloats,
            both + kLanes);
  hn::LoadInterleaved2(kFloats, both, a, b);
}

void interleave_rows(std::int64_t begin, std::int64_t end, int channels, const Source& a, const Source& b,
                     float* out, std::int64_t out_stride) {
  for_tiles(begin, end, channels, [&]<int R>(Pixels<R>, std::int64_t row, int c, int count) HWY_ATTR {
    Vector first[R], second[R];
    read(a, row, c, count, first);
    read(b, row, c, count, second);
    for (int r = 0; r < R; ++r)
      store_in_turn(first[r], second[r], out + (row + r) * out_stride + 2 * c, count);
  });
}

void part_rows(std::int64_t begin, std::int64_t end, int channels, const float* g, std::int64_t g_stride,
               const Source& a, const Source& b, const GradientOut& da, const GradientOut& db, double* a_sums,
               double* b_sums) {
  Scratch scratch;
  const GradientStore store_a(da, a, channels, scratch), store_b(db, b, channels, scratch);
  for (std::int64_t band = begin; band < end; band += kBandRows) {
    for_tiles(band, std::min(end, band + kBandRows), channels,
              [&]<int R>(Pixels<R>, std::int64_t row, int c, int count) HWY_ATTR {
                Vector first[R], second[R];
                for (int r = 0; r < R; ++r)
                  load_in_turn(g + (row + r) * g_stride + 2 * c, count, first[r], second[r]);
                store_a.put(row, c, count, first);
                store_b.put(row, c, count, second);
              });
    store_a.flush(a_sums);
    store_b.flush(b_sums);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(interleave_rows);
HWY_EXPORT(part_rows);

void interleave_forward(std::int64_t rows, int channels, const Source& a, const Source& b, float* out,
                        std::int64_t out_stride, const ForEach& each) {
  const Ranges chunks(rows, rows_of_a_range(2 * channels));
  each(chunks.count, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(interleave_rows)
    (chunks.begin(i), chunks.end(i), channels, a, b, out, out_stride);
  });
}

void interleave_backward(std::int64_t rows, int channels, const float* g, std::int64_t g_stride,
                         const Source& a, const Source& b, const GradientOut& da, const GradientOut& db,
                         const ForEach& each) {
  const Ranges chunks(rows, rows_of_a_range(2 * channels));
  Scratch scratch;
  const ChunkGradients a_sums(scratch, chunks, channels, da), b_sums(scratch, chunks, channels, db);
  each(chunks.count, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(part_rows)
    (chunks.begin(i), chunks.end(i), channels, g, g_stride, a, b, da, db, a_sums.of(i), b_sums.of(i));
  });
  a_sums.finish();
  b_sums.finish();
}

}  // namespace ablate::kernels
#endif
