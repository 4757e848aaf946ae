// Weights of pointwise convolutions as panels. Compiled once an instruction set.
#if defined(ABLATE_KERNELS_PACKING_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_PACKING_INL_H
#undef ABLATE_KERNELS_PACKING_INL_H
#else
#define ABLATE_KERNELS_PACKING_INL_H
#endif

#include "harness/kernels/tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels::HWY_NAMESPACE {

/// How the numbers of a weight become the factors that tiles of a kind are multiplied with.
template <class Tile>
struct WeightFactors;

template <bool kRounded>
struct WeightFactors<FloatTile<kRounded>> {
  static constexpr bool kFourAtOnce = !kRounded && HWY_TARGET != HWY_SCALAR;

  /// The factor of a sum that begins with these numbers, of which so many are left.
  static HWY_INLINE float one(const float* from, std::int64_t /*apart*/, int /*left*/) {
    return kRounded ? as_float(as_bfloat16(*from)) : *from;
  }
  /// Those of a vector of sums.
  static HWY_INLINE Vector row(const float* from, std::int64_t /*apart*/, int /*left*/, const Lanes& lanes) {
    const Vector numbers = lanes.load(from);
    return kRounded ? rounded(numbers) : numbers;
  }
#if HWY_TARGET != HWY_SCALAR
  /// The next four of a sum whose numbers stand next to each other.
  static HWY_INLINE hn::Vec<hn::FixedTag<std::uint32_t, 4>> four(const float* from) {
    return hn::BitCast(hn::FixedTag<std::uint32_t, 4>(), hn::LoadU(hn::FixedTag<float, 4>(), from));
  }
#endif
};

#if HWY_TARGET == HWY_AVX3_DL
template <>
struct WeightFactors<PairTile> {
  static constexpr bool kFourAtOnce = true;

  static HWY_INLINE Pair one(const float* from, std::int64_t apart, int left) {
    const std::uint32_t second = left > 1 ? as_bfloat16(from[apart]).bits : 0;
    return {as_bfloat16(*from).bits | second << 16};
  }
  static HWY_INLINE Factors<Pair> row(const float* from, std::int64_t apart, int left, const Lanes& lanes) {
    return in_pairs(lanes.load(from), left > 1 ? lanes.load(from + apart) : hn::Zero(Floats()));
  }
  static HWY_INLINE hn::Vec<hn::FixedTag<std::uint32_t, 4>> four(const float* from) {
    return {reinterpret_cast<__m128i>(_mm256_cvtneps_pbh(_mm256_loadu_ps(from)))};
  }
};
#endif

#if HWY_TARGET != HWY_SCALAR
/// to [4, stride] = the transpose of four columns' next four factors; the columns' numbers are `apart`.
template <class Tile, class F>
HWY_INLINE void transpose_four(const float* from, std::int64_t apart, F* to, std::int64_t stride) {
  const hn::FixedTag<std::uint32_t, 4> words;
  const hn::FixedTag<std::uint64_t, 2> twice;
  const auto a = WeightFactors<Tile>::four(from), b = WeightFactors<Tile>::four(from + apart);
  const auto c = WeightFactors<Tile>::four(from + 2 * apart), d = WeightFactors<Tile>::four(from + 3 * apart);
  const auto ab_low = hn::BitCast(twice, hn::InterleaveLower(words, a, b));
  const auto cd_low = hn::BitCast(twice, hn::InterleaveLower(words, c, d));
  const auto ab_high = hn::BitCast(twice, hn::InterleaveUpper(words, a, b));
  const auto cd_high = hn::BitCast(twice, hn::InterleaveUpper(words, c, d));
  const auto put = [&](int row, auto values) HWY_ATTR {
    hn::StoreU(hn::BitCast(words, values), words, reinterpret_cast<std::uint32_t*>(to + row * stride));
  };
  put(0, hn::InterleaveLower(twice, ab_low, cd_low));
  put(1, hn::InterleaveUpper(twice, ab_low, cd_low));
  put(2, hn::InterleaveLower(twice, ab_high, cd_high));
  put(3, hn::InterleaveUpper(twice, ab_high, cd_high));
}
#endif

template <class Tile>
constexpr int factors_of(int depth) {
  return (depth + kNumbers<typename Tile::Factor> - 1) / kNumbers<typename Tile::Factor>;
}

/// Factors of a weight [depth, columns] that is packed for products with tiles of that kind.
template <class Tile>
HWY_INLINE std::int64_t packed_size(int depth, int columns) {
  return Packed<typename Tile::Factor>::size(factors_of<Tile>(depth), columns);
}

/// Packs the weight [depth, columns] into `panels`.
template <class Tile>
HWY_INLINE Packed<typename Tile::Factor> packed_rows(const float* from, int depth, int columns,
                                                     typename Tile::Factor* panels) {
  constexpr int kEach = kNumbers<typename Tile::Factor>;
  const int factors = factors_of<Tile>(depth);
  for_panels(columns, [&]<int kVectors>(int column) HWY_ATTR {
    auto* to = panels + std::int64_t(column) * factors;
    for (int r = 0; r < depth; r += kEach, to += kVectors * kLanes)
      for (int j = 0; j < kVectors; ++j) {
        const int c = column + j * kLanes;
        store_factors(WeightFactors<Tile>::row(from + std::int64_t(r) * columns + c, columns, depth - r,
                                               Lanes(columns - c)),
                      to + j * kLanes);
      }
  });
  return {panels, factors, columns};
}

/// Packs the transpose of the weight [columns, depth] into `panels`.
template <class Tile>
HWY_INLINE Packed<typename Tile::Factor> packed_columns(const float* from, int depth, int columns,
                                                        typename Tile::Factor* panels) {
  using F = typename Tile::Factor;
  constexpr int kEach = kNumbers<F>, kBlock = 4;
  const int factors = factors_of<Tile>(depth);
  const int deep = WeightFactors<Tile>::kFourAtOnce ? depth / (kBlock * kEach) * kBlock : 0;
  for_panels(columns, [&]<int kVectors>(int column) HWY_ATTR {
    constexpr int kWidth = kVectors * kLanes;
    F* panel = panels + std::int64_t(column) * factors;
    const float* begin = from + std::int64_t(column) * depth;
    const int width = std::min(kWidth, columns - column), wide = width / kBlock * kBlock;
    if constexpr (WeightFactors<Tile>::kFourAtOnce)
      for (int r = 0; r < deep; r += kBlock)
        for (int c = 0; c < wide; c += kBlock)
          transpose_four<Tile>(begin + std::int64_t(c) * depth + std::int64_t(r) * kEach, depth,
                               panel + std::int64_t(r) * kWidth + c, kWidth);
    for (int r = 0; r < factors; ++r)
      for (int c = r < deep ? wide : 0; c < kWidth; ++c) {
        const float* number = begin + std::int64_t(c) * depth + std::int64_t(r) * kEach;
        panel[std::int64_t(r) * kWidth + c] =
            c < width ? WeightFactors<Tile>::one(number, 1, depth - r * kEach) : F();
      }
  });
  return {panels, factors, columns};
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace ablate::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
