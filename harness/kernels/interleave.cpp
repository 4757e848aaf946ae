#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/interleave.cpp"
#include <hwy/foreach_target.h>

#include <cstring>

#include "harness/kernels/blocks-inl.h"
#include "harness/kernels/elementwise.h"
#include "harness/kernels/isa.h"
#include "harness/kernels/lines_ahead-inl.h"

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
HWY_INLINE void load_in_turn(const T* in, int count, Vector& a, Vector& b) {
  HWY_ALIGN T both[2 * kLanes];
  store(load_first(in, 2 * count), both);
  store(load_first(in + std::min(kLanes, 2 * count), std::max(0, 2 * count - kLanes)), both + kLanes);
  load_in_turn(both, a, b);
}

/// R pixels from `pixel` on, into rows without gaps; writes up to two vectors more. Last channels come first:
/// what is too much of a pixel's last vectors is overwritten by the next one's first.
template <int R, class A, class B, class T>
HWY_INLINE void weave_pixels(std::int64_t pixel, int channels, const WideSource& a, A a_act,
                             const WideSource& b, B b_act, T* out) {
  const auto weave = [&](int c, auto lanes) HWY_ATTR {
    const Spot at{pixel, 1, c, 16};
    Vector first[R], second[R];
    a.read(a_act, at, lanes, first);
    b.read(b_act, at, lanes, second);
    HWY_UNROLL(4)
    for (int r = 0; r < R; ++r) store_in_turn(first[r], second[r], out + 2 * (r * channels + c));
  };
  const int whole = channels / kLanes * kLanes;
  if (whole < channels) weave(whole, Lanes(channels - whole));
  for (int c = whole - kLanes; c >= 0; c -= kLanes) weave(c, AllLanes());
}

template <class A, class B, class T>
HWY_FLATTEN HWY_NOINLINE void weave_block(std::int64_t begin, std::int64_t end, int channels,
                                          const WideSource& from_a, A a_act, const WideSource& from_b,
                                          B b_act, T* out) {
  const WideSource a = from_a, b = from_b;
  std::int64_t pixel = begin;
  for (; pixel + 4 <= end; pixel += 4, out += 8 * channels)
    weave_pixels<4>(pixel, channels, a, a_act, b, b_act, out);
  for (; pixel < end; ++pixel, out += 2 * channels) weave_pixels<1>(pixel, channels, a, a_act, b, b_act, out);
}

/// A block's rows to where they belong.
template <class T>
void copy_block(const T* block, std::int64_t rows, int channels, T* out, std::int64_t out_stride,
                bool stream) {
  const std::int64_t bytes = sizeof(T) * channels;
  if (out_stride != channels) {
    for (std::int64_t r = 0; r < rows; ++r) std::memcpy(out + r * out_stride, block + r * channels, bytes);
    return;
  }
  if (!stream || rows * bytes % 64 != 0) return void(std::memcpy(out, block, rows * bytes));
  const auto* from = reinterpret_cast<const float*>(block);
  auto* to = reinterpret_cast<float*>(out);
  for (std::int64_t i = 0; i < rows * bytes / 4; i += kLanes)
    hn::Stream(hn::Load(kFloats, from + i), kFloats, to + i);
}

template <class T>
HWY_FLATTEN void part(std::int64_t count, const T* in, float* a, float* b) {
  constexpr int kAhead = 2048;  // values
  Vector first, second;
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    ask_for<Level::Second>(in + 2 * i + kAhead);
    ask_for<Level::Second>(in + 2 * i + kLanes + kAhead);
    load_in_turn(in + 2 * i, first, second);
    store(first, a + i);
    store(second, b + i);
  }
  const int rest = static_cast<int>(count - i);
  if (rest == 0) return;
  load_in_turn(in + 2 * i, rest, first, second);
  store_first(first, a + i, rest);
  store_first(second, b + i, rest);
}

/// Pixels of which a kernel keeps the values in the cache: a multiple of 16.
int pixels_of_a_block(int channels) {
  return std::max(1, 2048 / channels / 16) * 16;
}

/// Calls use(activations): known ones where a map's half meets a convolution's output, as they mostly do.
template <class Use>
void with_acts(Act a, Act b, const Use& use) {
  if (a == Act::None && b == Act::Relu) return use(FixedAct<Act::None>(), FixedAct<Act::Relu>());
  use(a, b);
}

void interleave_rows(std::int64_t begin, std::int64_t end, std::int64_t all_rows, int channels,
                     const Source& a, const Source& b, Values out, std::int64_t out_stride) {
  Scratch scratch;
  const Wide one_by_one(channels, false);
  const WideSource from_a(a, one_by_one, scratch), from_b(b, one_by_one, scratch);
  const WideOutput output(out, out_stride, Wide(2 * channels, true), all_rows, kRowsOfWholeLines);
  const int block = pixels_of_a_block(channels);
  with_type(out.type(), [&]<class T>() {
    T* woven = scratch.take<T>(2 * (block * channels + kLanes));
    for (std::int64_t row = begin; row < end; row += block) {
      const std::int64_t last = std::min(end, row + block);
      with_acts(a.act, b.act, [&](auto a_act, auto b_act) {
        weave_block(row, last, channels, from_a, a_act, from_b, b_act, woven);
      });
      copy_block(woven, last - row, 2 * channels, out.as<T>() + row * out_stride, out_stride,
                 output.streams());
    }
  });
  output.flush();
}

void part_rows(std::int64_t begin, std::int64_t end, std::int64_t all_rows, int channels, ConstValues g,
               std::int64_t g_stride, const Source& a, const Source& b, const GradientOut& da,
               const GradientOut& db, double* a_sums, double* b_sums) {
  Scratch scratch;
  const Wide a_wide(channels, is_dense(a, channels) && is_dense(da, channels));
  const Wide b_wide(channels, is_dense(b, channels) && is_dense(db, channels));
  const WideSource from_a(a, a_wide, scratch), from_b(b, b_wide, scratch);
  const WideGradient to_a(da, a_wide, all_rows, kRowsOfWholeLines, scratch);
  const WideGradient to_b(db, b_wide, all_rows, kRowsOfWholeLines, scratch);
  const bool gaps = g_stride != 2 * channels;
  const int block = pixels_of_a_block(channels);
  float *first = scratch.take<float>(block * channels), *second = scratch.take<float>(block * channels);
  std::int64_t summed = 0;
  for (std::int64_t row = begin; row < end; row += block) {
    const std::int64_t last = std::min(end, row + block);
    with_type(g.type(), [&]<class T>() {
      const T* from = g.as<T>() + row * g_stride;
      if (!gaps) return part((last - row) * channels, from, first, second);
      for (std::int64_t at = 0; at < last - row; ++at)
        part(channels, from + at * g_stride, first + at * channels, second + at * channels);
    });
    with_act(a.act, [&](auto act) { pass_block(a_wide, row, last, first, from_a, act, to_a); });
    with_act(b.act, [&](auto act) { pass_block(b_wide, row, last, second, from_b, act, to_b); });
    summed += last - row;
    if (summed < kBandRows && last < end) continue;
    to_a.flush(a_sums);
    to_b.flush(b_sums);
    summed = 0;
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
  const Ranges chunks(rows, rows_of_a_range(2 * channels), kRowsOfWholeLines);
  instruction_set();
  each(chunks.count, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(interleave_rows)
    (chunks.begin(i), chunks.end(i), rows, channels, a, b, out, out_stride);
  });
}

void interleave_backward(std::int64_t rows, int channels, ConstValues g, std::int64_t g_stride,
                         const Source& a, const Source& b, const GradientOut& da, const GradientOut& db,
                         const ForEach& each) {
  const Ranges chunks(rows, rows_of_a_range(2 * channels), kRowsOfWholeLines);
  Scratch scratch;
  const ChunkGradients a_sums(scratch, chunks, channels, da), b_sums(scratch, chunks, channels, db);
  instruction_set();
  each(chunks.count, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(part_rows)
    (chunks.begin(i), chunks.end(i), rows, channels, g, g_stride, a, b, da, db, a_sums.of(i), b_sums.of(i));
  });
  a_sums.finish();
  b_sums.finish();
}

}  // namespace ablate::kernels
#endif
