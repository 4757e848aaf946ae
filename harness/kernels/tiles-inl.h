// Tiles of maps as factors of a product. Compiled once an instruction set.
#if defined(ABLATE_KERNELS_TILES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_TILES_INL_H
#undef ABLATE_KERNELS_TILES_INL_H
#else
#define ABLATE_KERNELS_TILES_INL_H
#endif

#include "harness/kernels/gemm-inl.h"
#include "harness/kernels/readers-inl.h"
#include "harness/kernels/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels::HWY_NAMESPACE {

/// Which sums a tile of pixels takes part in: over its channels (with the weights), over its pixels (a
/// gradient of the weights).
struct Sums {
  bool over_channels = true, over_pixels = false;
};

/// What a map's channels fall into, each read like a map of its own.
template <class Map>
HWY_INLINE int parts_of(const Map& /*x*/) {
  return 1;
}
HWY_INLINE int parts_of(const GradientIn& d) {
  return d.repeats;
}

/// Part p, of so many channels.
template <class Map>
HWY_INLINE const Map& part_of(const Map& x, int /*p*/, int /*channels*/) {
  return x;
}
HWY_INLINE GradientIn part_of(GradientIn d, int p, int channels) {
  if (!d.c1) return d;
  const int first = p * channels;
  d.y = d.y + first;
  d.c1 += first, d.c2 += first, d.c3 += first;
  return d;
}

/// Pixels of a map as floats, [rows, stride]. kRounded: as bfloat16 holds them.
template <bool kRounded>
class FloatTile {
 public:
  using Factor = float;

  FloatTile(Scratch& scratch, int rows, int channels, const Sums& /*sums*/, int parts = 1)
      : channels_(channels),
        stride_(tile_stride(parts == 1 ? channels : channels + kLanes)),
        values_(scratch.floats(std::int64_t(rows) * stride_ + kLanes)) {}

  template <class Map>
  HWY_NOINLINE void load(const Map& map, std::int64_t first, int rows) {
    const int parts = parts_of(map), channels = channels_ / parts;
    for (int p = 0; p < parts; ++p)
      with_reader(part_of(map, p, channels), [&](auto reader) HWY_ATTR {
        const Span span(channels);
        float* to = values_ + p * channels;
        int r = 0;
        for (; r + 4 <= rows; r += 4)
          read_pixels<4, kRounded>(reader, first + r, span, to + std::int64_t(r) * stride_, stride_);
        for (; r < rows; ++r)
          read_pixels<1, kRounded>(reader, first + r, span, to + std::int64_t(r) * stride_, stride_);
      });
  }

  /// Rows that can be multiplied where they lie.
  static bool as_they_lie(const Source& x, int /*channels*/) {
    return !kRounded && !x.scale && x.data.type() == Type::Float32;
  }

  const float* over_channels() const { return values_; }  // [rows, channels_stride()]
  const float* over_pixels() const { return values_; }    // [steps(rows), pixels_stride()]
  int channels_stride() const { return stride_; }
  int pixels_stride() const { return stride_; }
  static int steps(int rows) { return rows; }

 private:
  int channels_, stride_;
  float* values_;
};

#if HWY_TARGET == HWY_AVX3_DL

/// Pixels of a map as pairs, [rows, stride] of neighbouring channels, and [rows / 2, stride] of neighbouring
/// pixels.
class PairTile {
 public:
  using Factor = Pair;

  PairTile(Scratch& scratch, int rows, int channels, const Sums& sums, int parts = 1)
      : channels_(channels),
        channels_stride_(tile_stride((channels + 1) / 2 + (parts == 1 ? 0 : kLanes))),
        pixels_stride_(tile_stride(round_up(channels, 2 * kLanes) + (parts == 1 ? 0 : 2 * kLanes))),
        sums_(sums) {
    if (sums.over_channels) channels_pairs_ = scratch.take<Pair>(std::int64_t(rows) * channels_stride_);
    if (sums.over_pixels) pixels_pairs_ = scratch.take<Pair>(std::int64_t(steps(rows)) * pixels_stride_);
  }

  template <class Map>
  HWY_NOINLINE void load(const Map& map, std::int64_t first, int rows) {
    const int parts = parts_of(map), channels = channels_ / parts;
    for (int p = 0; p < parts; ++p)
      with_reader(part_of(map, p, channels), [&](auto reader) HWY_ATTR {
        const Range to{p * channels, channels};
        int r = 0;
        for (; r + 2 <= rows; r += 2)
          load_two<true>(reader.pixel(first + r), reader.pixel(first + r + 1), r, to);
        if (r < rows) load_two<false>(reader.pixel(first + r), reader.pixel(first + r), r, to);
      });
  }

  static bool as_they_lie(const Source& x, int channels) {
    return !x.scale && channels % 2 == 0 && x.stride % 2 == 0 &&
           reinterpret_cast<std::uintptr_t>(x.data.bytes()) % sizeof(Pair) == 0;
  }

  const Pair* over_channels() const { return channels_pairs_; }
  const Pair* over_pixels() const { return pixels_pairs_; }
  int channels_stride() const { return channels_stride_; }
  int pixels_stride() const { return pixels_stride_; }
  static int steps(int rows) { return (rows + 1) / 2; }

 private:
  /// Channels of the tile.
  struct Range {
    int first, count;
  };

  /// Rows r and r + 1 of the tile; the second is zero without kBoth.
  template <bool kBoth, class Pixel>
  HWY_INLINE void load_two(const Pixel& one, const Pixel& other, int r, const Range& to) {
    int c = 0;
    for (; c + 2 * kLanes <= to.count; c += 2 * kLanes)
      load_part<kBoth>(one, other, r, to.first, c, Lanes(kLanes), Lanes(kLanes));
    if (c < to.count)
      load_part<kBoth>(one, other, r, to.first, c, Lanes(to.count - c),
                       Lanes(std::max(0, to.count - c - kLanes)));
  }

  template <bool kBoth, class Pixel>
  HWY_INLINE void load_part(const Pixel& one, const Pixel& other, int r, int offset, int c,
                            const Lanes& first, const Lanes& second) {
    const auto a = joined(one.at(c, first), one.at(c + kLanes, second));
    auto b = hn::Zero(Words());
    if constexpr (kBoth) b = joined(other.at(c, first), other.at(c + kLanes, second));
    if (sums_.over_channels) {
      Pair* to = channels_pairs_ + std::int64_t(r) * channels_stride_ + (offset + c) / 2;
      store_factors(a, to);
      if constexpr (kBoth) store_factors(b, to + channels_stride_);
    }
    if (!sums_.over_pixels) return;
    Pair* to = pixels_pairs_ + std::int64_t(r / 2) * pixels_stride_ + offset + c;
    store_factors(first_across(a, b), to);
    store_factors(second_across(a, b), to + kLanes);
  }

  int channels_, channels_stride_, pixels_stride_;
  Sums sums_;
  Pair *channels_pairs_ = nullptr, *pixels_pairs_ = nullptr;
};

using HalfTile = PairTile;
#else
using HalfTile = FloatTile<true>;
#endif

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace ablate::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
