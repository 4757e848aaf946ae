// Asking memory for what is needed next. Compiled once an instruction set.
#if defined(ABLATE_KERNELS_LINES_AHEAD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_LINES_AHEAD_INL_H
#undef ABLATE_KERNELS_LINES_AHEAD_INL_H
#else
#define ABLATE_KERNELS_LINES_AHEAD_INL_H
#endif

#include "harness/kernels/storage-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels::HWY_NAMESPACE {

constexpr std::int64_t kLine = 64;  // bytes of the caches

/// Whether whole pixels are asked for, what lies between the channels that are read included: memory gives
/// whole stretches faster than most of their lines. all: whether all `channels` of the map are read at a
/// time.
inline bool asks_for_pixels(ConstValues data, std::int64_t stride, int channels, bool all) {
  constexpr std::int64_t kMostBytes = 512;
  return all && stride > channels && stride * bytes_of(data.type()) <= kMostBytes;
}

/// The cache that a line is asked into. The first level waits for few lines at a time and keeps little of
/// them, so that what is wanted only a row later is asked into the second: measured, depthwise backward
/// passes, branches and the elementwise kernels take 5 to 50 % less time so. The exception is a depthwise
/// forward pass of stride 1, whose output goes past the caches: there the first level is the better place.
enum class Level { First, Second };

template <Level kLevel>
HWY_INLINE void ask_for(const void* line) {
  __builtin_prefetch(line, 0, kLevel == Level::First ? 3 : 2);
}

/// A row of a map that is asked for while another one is worked on, vector by vector.
class RowAhead {
 public:
  /// row: its first pixel, at the first of the `vectors` vectors that are read; null: nothing.
  RowAhead(ConstValues row, std::int64_t stride, int vectors, bool pixels)
      : from_(row.bytes()),
        pixel_(stride * bytes_of(row.type())),
        vector_(kLanes * bytes_of(row.type())),
        sharers_(pixels ? vectors : 0) {}

  /// Asks for vector v of P pixels from pixel w on, or for its share of all their lines. Spread over the
  /// arithmetic, this hides what memory takes.
  template <int P, Level kLevel = Level::Second>
  HWY_INLINE void ask(int w, int v) const {
    if (!from_) return;
    const std::byte* from = from_ + w * pixel_;
    if (sharers_ > 0) {
      const std::int64_t share = P * pixel_ / sharers_;
      for (std::int64_t at = v * share; at < (v + 1) * share; at += kLine) ask_for<kLevel>(from + at);
      return;
    }
    HWY_UNROLL(32)
    for (int i = 0; i < P; ++i) ask_for<kLevel>(from + v * vector_ + i * pixel_);
  }

 private:
  const std::byte* from_;
  std::int64_t pixel_, vector_;  // bytes
  int sharers_;
};

/// Lines of a map that are asked for a few at a time while something else is worked on: all at once, they
/// would hold it up.
class LinesAhead {
 public:
  LinesAhead() = default;
  /// So many lines, the first at `from`, `step` bytes from each to the next; one is asked for a pixel.
  LinesAhead(const std::byte* from, std::int64_t step, std::int64_t lines)
      : at_(from), step_(step), left_(lines) {}
  /// Part i of n of the lines of `pixels` pixels of so many bytes, in their order.
  static LinesAhead share_of(const std::byte* first, std::int64_t pixels, std::int64_t bytes, int i, int n) {
    const std::int64_t share = pixels * bytes / n;
    LinesAhead lines(first + i * share, kLine, share / kLine + 1);
    lines.pace_ = (bytes / n + kLine - 1) / kLine;
    return lines;
  }
  /// These, and then as many that lie `apart` bytes from them.
  LinesAhead twice(std::int64_t apart) const {
    LinesAhead lines = *this;
    lines.then_ = at_ + apart, lines.more_ = left_, lines.pace_ = 2 * pace_;
    return lines;
  }

  /// Asks for what so many pixels need.
  template <int Pixels>
  HWY_INLINE void ask() {
    for (std::int64_t i = 0; i < pace_ && some(); ++i) {
      HWY_UNROLL(16)
      for (int p = 0; p < Pixels; ++p) ask_for<Level::Second>(at_ + p * step_);
      at_ += Pixels * step_;
      left_ -= Pixels;
    }
  }
  void ask_rest() {
    for (; some(); --left_, at_ += step_) ask_for<Level::Second>(at_);
  }
  /// Whether they follow each other without a gap.
  bool adjoin() const { return step_ == kLine; }

 private:
  HWY_INLINE bool some() {
    if (left_ > 0) return true;
    at_ = then_, left_ = more_, more_ = 0;
    return left_ > 0;
  }

  const std::byte *at_ = nullptr, *then_ = nullptr;
  std::int64_t step_ = 0, left_ = 0, more_ = 0, pace_ = 1;  // bytes; lines; lines; lines a pixel
};

struct NothingAhead {
  template <int Pixels>
  HWY_INLINE void ask() const {}
};

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace ablate::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
