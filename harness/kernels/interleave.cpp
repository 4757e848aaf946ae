#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/interleave.cpp"
#include <hwy/foreach_target.h>

#include <cstring>

#include "harness/kernels/activations-inl.h"
#include "harness/kernels/elementwise.h"
#include "harness/kernels/isa.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {

/// out[2 i] = a[i], out[2 i + 1] = b[i].
HWY_INLINE void store_in_turn(Vector a, Vector b, float* out) {
  hn::StoreInterleaved2(a, b, kFloats, out);
}
HWY_INLINE void store_in_turn(Vector a, Vector b, BFloat16* out) {
  const auto first = hn::PromoteTo(Words(), narrowed(a)), second = hn::PromoteTo(Words(), narrowed(b));
  HWY_ALIGN std::uint32_t both[kLanes];
  hn::Store(hn::Or(first, hn::ShiftLeft<16>(second)), Words(), both);
  std::memcpy(out, both, sizeof both);
}

HWY_INLINE void load_in_turn(const float* in, Vector& a, Vector& b) {
  hn::LoadInterleaved2(kFloats, in, a, b);
}
HWY_INLINE void load_in_turn(const BFloat16* in, Vector& a, Vector& b) {
  HWY_ALIGN std::uint32_t both[kLanes];
  std::memcpy(both, in, sizeof both);
  const auto pairs = hn::Load(Words(), both);
  a = hn::BitCast(kFloats, hn::ShiftLeft<16>(pairs));
  b = hn::BitCast(kFloats, hn::And(pairs, hn::Set(Words(), 0xffff0000)));
}

/// The same for i < count.
template <class T>
HWY_INLINE void store_in_turn(Vector a, Vector b, T* out, int count) {
  if (count >= kLanes) return store_in_turn(a, b, out);
  HWY_ALIGN T both[2 * kLanes];
  store_in_turn(a, b, both);
  store_first(load(both), out, 2 * count);
  if (2 * count > kLanes) store_first(load(both + kLanes), out + kLanes, 2 * count - kLanes);
}

template <class T>
HWY_INLINE void load_in_turn(const T* in, int count, Vector& a, Vector& b) {
  if (count >= kLanes) return load_in_turn(in, a, b);
  HWY_ALIGN T both[2 * kLanes];
  store(load_first(in, 2 * count), both);
  store(load_first(in + std::min(kLanes, 2 * count), std::max(0, 2 * count - kLanes)), both + kLanes);
  load_in_turn(both, a, b);
}

void interleave_rows(std::int64_t begin, std::int64_t end, int channels, const Source& a, const Source& b,
                     Values out, std::int64_t out_stride) {
  for_tiles(begin, end, channels, [&]<int R>(Pixels<R>, std::int64_t row, int c, int count) HWY_ATTR {
    Vector first[R], second[R];
    read(a, row, c, count, first);
    read(b, row, c, count, second);
    with_type(out.type(), [&]<class T>() HWY_ATTR {
      T* to = out.as<T>() + row * out_stride + 2 * c;
      for (int r = 0; r < R; ++r) store_in_turn(first[r], second[r], to + r * out_stride, count);
    });
  });
}

void part_rows(std::int64_t begin, std::int64_t end, int channels, ConstValues g, std::int64_t g_stride,
               const Source& a, const Source& b, const GradientOut& da, const GradientOut& db, double* a_sums,
               double* b_sums) {
  Scratch scratch;
  const GradientStore store_a(da, a, channels, scratch), store_b(db, b, channels, scratch);
  for (std::int64_t band = begin; band < end; band += kBandRows) {
    for_tiles(band, std::min(end, band + kBandRows), channels,
              [&]<int R>(Pixels<R>, std::int64_t row, int c, int count) HWY_ATTR {
                Vector first[R], second[R];
                with_type(g.type(), [&]<class T>() HWY_ATTR {
                  const T* from = g.as<T>() + row * g_stride + 2 * c;
                  for (int r = 0; r < R; ++r) load_in_turn(from + r * g_stride, count, first[r], second[r]);
                });
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

void interleave_forward(std::int64_t rows, int channels, const Source& a, const Source& b, Values out,
                        std::int64_t out_stride, const ForEach& each) {
  const Ranges chunks(rows, rows_of_a_range(2 * channels));
  instruction_set();
  each(chunks.count, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(interleave_rows)
    (chunks.begin(i), chunks.end(i), channels, a, b, out, out_stride);
  });
}

void interleave_backward(std::int64_t rows, int channels, ConstValues g, std::int64_t g_stride,
                         const Source& a, const Source& b, const GradientOut& da, const GradientOut& db,
                         const ForEach& each) {
  const Ranges chunks(rows, rows_of_a_range(2 * channels));
  Scratch scratch;
  const ChunkGradients a_sums(scratch, chunks, channels, da), b_sums(scratch, chunks, channels, db);
  instruction_set();
  each(chunks.count, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(part_rows)
    (chunks.begin(i), chunks.end(i), channels, g, g_stride, a, b, da, db, a_sums.of(i), b_sums.of(i));
  });
  a_sums.finish();
  b_sums.finish();
}

}  // namespace ablate::kernels
#endif
