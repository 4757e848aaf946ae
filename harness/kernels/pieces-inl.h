// What a kernel of a depthwise convolution's taps works on at a time, and what it asks for meanwhile.
// Compiled once an instruction set.
#if defined(ABLATE_KERNELS_PIECES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_PIECES_INL_H_
#undef ABLATE_KERNELS_PIECES_INL_H_
#else
#define ABLATE_KERNELS_PIECES_INL_H_
#endif

#include "harness/kernels/depthwise-inl.h"
#include "harness/kernels/joint_images-inl.h"
#include "harness/kernels/lines_ahead-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// What is worked on at a time: some rows of an image, a unit, of a group of vectors.
struct Piece {
  std::int64_t image;
  Group group;
  int unit;
  bool whole;      // the group is all channels
  bool ends_band;  // of its sums: they are added to those in double

  /// Calls body(turn, v) for vectors as many as rings hold at a time, v: the first among those of the group.
  template <class Body>
  HWY_INLINE void for_turns(int vectors, const Body& body) const {
    for (int v = 0; v < group.count; v += vectors)
      body(Group{group.first + v, std::min(vectors, group.count - v)}, v);
  }
};

/// Pixels of an image that is worked on as a whole, at most.
constexpr int kSmallImage = 256;

/// Rows that a unit has: sums over its pixels stay in registers. Small images are whole units, for then the
/// rings hold one vector at a time (Pieces::held), measured to be 1.0 to 1.1 times as fast. inputs: pixels of
/// the input for each.
inline int rows_of_a_unit(int width, int height, int inputs = 1) {
  constexpr int kPixels = 128;
  return width * height * inputs <= kSmallImage ? height : std::clamp(kPixels / width, 1, height);
}

/// Units of rows of outputs, and which rows the first so many of them reach.
struct OutputUnits {
  explicit OutputUnits(const Depthwise& shape)
      : s(shape), rows(rows_of_a_unit(s.out_width(), s.out_height(), s.stride * s.stride)) {}

  int count() const { return (s.out_height() + rows - 1) / rows; }
  /// Rows of the input that a unit sees.
  int seen() const { return (rows - 1) * s.stride + s.kernel_height; }
  int outputs(int units) const { return std::min(s.out_height(), units * rows); }
  int inputs(int units) const {
    return std::min(s.height, (outputs(units) - 1) * s.stride - s.kernel_height / 2 + s.kernel_height);
  }
  /// Rows of the input that no later output sees.
  int complete(int units) const {
    if (outputs(units) == s.out_height()) return s.height;
    return std::clamp(outputs(units) * s.stride - s.kernel_height / 2, 0, s.height);
  }

  Depthwise s;
  int rows;
};

/// Images unit by unit, all vectors of a group together, so that a map is gone through in the order in which
/// it lies. A group's rings stay in the second-level cache. Meanwhile the next piece is asked for.
class Pieces {
 public:
  /// vectors: of a group; band: pixels of a band, or somewhat fewer, with so many `pixels` a unit.
  Pieces(int channels, int vectors, int units, std::int64_t pixels, std::int64_t band)
      : all_vectors_(padded(channels) / kLanes),
        vectors_(vectors),
        groups_((all_vectors_ + vectors - 1) / vectors),
        units_(units),
        units_of_a_band_(std::max<std::int64_t>(1, band / pixels)) {}

  /// Calls body(piece, next) for all of images begin .. end. next: what is worked on afterwards, also where
  /// it belongs to the next chunk; null after the last of `images`.
  template <class Body>
  HWY_INLINE void each(std::int64_t begin, std::int64_t end, std::int64_t images, const Body& body) const {
    const std::int64_t count = (end - begin) * groups_ * units_;
    Piece next = piece(begin, end, 0);
    for (std::int64_t i = 0; i < count; ++i) {
      const Piece now = next;
      const bool more = i + 1 < count || end < images;
      if (more) next = i + 1 < count ? piece(begin, end, i + 1) : piece(end, images, 0);
      body(now, more ? &next : nullptr);
    }
  }

  /// Vectors that rings hold at a time: all of a group, or one where a unit is a whole image.
  int held() const { return units_ == 1 ? 1 : vectors_; }

 private:
  Piece piece(std::int64_t begin, std::int64_t end, std::int64_t i) const {
    const std::int64_t image = i / (groups_ * units_), done = image * units_ + i % units_ + 1;
    const int group = int(i / units_ % groups_);
    return {.image = begin + image,
            .group = {group * vectors_, std::min(vectors_, all_vectors_ - group * vectors_)},
            .unit = int(i % units_),
            .whole = groups_ == 1,
            .ends_band = done % units_of_a_band_ == 0 || done == (end - begin) * units_};
  }

  int all_vectors_, vectors_, groups_, units_;
  std::int64_t units_of_a_band_;
};

/// Vector v of the next piece.
struct NextVector {
  const JointImages& joint;
  const Piece* piece;  // null: there is none
  int v;

  /// What it needs of a map [images, height, width, channels]. until(unit): the row up to which whoever has
  /// worked on the units before that has read an image. Where whole pixels are asked for, the vectors share
  /// them.
  template <class Until>
  LinesAhead lines(ConstValues data, std::int64_t stride, int height, int width, const Until& until) const {
    if (!piece || v >= piece->group.count || !data) return {};
    const std::int64_t size = bytes_of(data.type()), pixel = stride * size;
    const std::int64_t from = piece->unit == 0 ? 0 : until(piece->unit);
    const std::int64_t pixels = (until(piece->unit + 1) - from) * width;
    const std::int64_t image = height * width * pixel;
    const auto* first = data.bytes() + piece->image * joint.images() * image + from * width * pixel;
    if (asks_for_pixels(data, stride, joint.channels(), piece->whole)) {
      const auto lines = LinesAhead::share_of(first, pixels, pixel, v, piece->group.count);
      return joint.images() == 2 ? lines.twice(image) : lines;
    }
    const auto at = joint.place(piece->group.first + v);
    const LinesAhead lines(first + at.image * image + at.channel * size, pixel, pixels);
    return at.split() ? lines.twice(image) : lines;
  }
};

/// What a vector of the next piece needs of the input, of its output's gradient and of its own.
struct BackwardAhead {
  LinesAhead x, dz, dx;

  void ask_rest() {
    x.ask_rest();
    dz.ask_rest();
    dx.ask_rest();
  }
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#endif
