// What a kernel of a depthwise convolution's taps works on at a time, and what it asks for meanwhile.
// Compiled once an instruction set.
#if defined(ABLATE_KERNELS_PIECES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_PIECES_INL_H_
#undef ABLATE_KERNELS_PIECES_INL_H_
#else
#define ABLATE_KERNELS_PIECES_INL_H_
#endif

#include "harness/kernels/depthwise-inl.h"
#include "harness/kernels/lines_ahead-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// What is worked on at a time: units begin .. end of an image (rows, or a few rows together), of a group of
/// vectors.
struct Piece {
  std::int64_t image;
  Group group;
  int begin, end;
  bool whole;  // the group is all channels
};

/// Images in pieces that fit a second-level cache. A piece is worked on vector by vector: its rows pass
/// through rings of one vector, which fit the first, together with the kernels and sums of that vector.
/// Meanwhile the next piece is asked for.
class Pieces {
 public:
  /// `bytes`: that are read and written for a unit and a vector; `fewest`: units of a piece; `step`: vectors
  /// that share the lines of a cache.
  Pieces(int channels, int units, int bytes, int fewest, int step)
      : all_vectors_((padded(channels) / kLanes + step - 1) / step * step), units_(units) {
    constexpr int kBytes = 256 << 10, kFewestVectors = 4;
    const int most =
        std::clamp(kBytes / (bytes * units), kFewestVectors, std::max(kFewestVectors, all_vectors_));
    groups_ = (all_vectors_ + most - 1) / most;
    vectors_ = ((all_vectors_ + groups_ - 1) / groups_ + step - 1) / step * step;
    const int units_of_a_piece = std::max(kBytes / (bytes * vectors_), fewest);
    bands_ = (units + units_of_a_piece - 1) / units_of_a_piece;
    all_vectors_ = padded(channels) / kLanes;
    groups_ = (all_vectors_ + vectors_ - 1) / vectors_;
  }

  /// Calls body(piece, next, last) for all of images begin .. end, group by group. next: what is worked on
  /// afterwards, also where it belongs to the next chunk; null after the last of `images`. last: of its
  /// group.
  template <class Body>
  HWY_INLINE void each(std::int64_t begin, std::int64_t end, std::int64_t images, const Body& body) const {
    const std::int64_t of_a_group = (end - begin) * bands_, count = of_a_group * groups_;
    Piece next = piece(begin, end, 0);
    for (std::int64_t i = 0; i < count; ++i) {
      const Piece now = next;
      const bool more = i + 1 < count || end < images;
      if (more) next = i + 1 < count ? piece(begin, end, i + 1) : piece(end, images, 0);
      body(now, more ? &next : nullptr, (i + 1) % of_a_group == 0);
    }
  }

 private:
  Piece piece(std::int64_t begin, std::int64_t end, std::int64_t i) const {
    const int band = int(i % bands_), group = int(i / bands_ / (end - begin));
    return {.image = begin + i / bands_ % (end - begin),
            .group = {group * vectors_, std::min(vectors_, all_vectors_ - group * vectors_)},
            .begin = units_ * band / bands_,
            .end = units_ * (band + 1) / bands_,
            .whole = groups_ == 1};
  }

  int all_vectors_, vectors_, groups_, units_, bands_;
};

/// What vector v of the next piece needs of a map, if there is a next one. until(end): the row up to which
/// whoever has worked on units before `end` has read an image. Where whole pixels are asked for, the vectors
/// share them.
template <class Until>
LinesAhead lines_ahead(ConstValues data, std::int64_t stride, const Depthwise& s, int height, int width,
                       const Piece* next, int v, const Until& until) {
  if (!next || v >= next->group.count || !data) return {};
  const std::int64_t size = bytes_of(data.type()), pixel = stride * size;
  const std::int64_t from = next->begin == 0 ? 0 : until(next->begin);
  const std::int64_t pixels = (until(next->end) - from) * width;
  const auto* first = data.bytes() + (next->image * height + from) * width * pixel;
  if (asks_for_pixels(data, stride, s.channels, next->whole))
    return LinesAhead::share_of(first, pixels, pixel, v, next->group.count);
  return {first + (next->group.first + v) * kLanes * size, pixel, pixels};
}

/// What is read of a gradient that is added to or, unless it goes past the caches, written; data null:
/// nothing.
struct GradientRead {
  GradientRead(const GradientOut& dx, bool past_caches)
      : data(dx.base ? dx.base : (past_caches ? ConstValues() : ConstValues(dx.data))),
        stride(dx.base ? dx.base_stride : dx.stride) {}
  ConstValues data;
  std::int64_t stride;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#endif
