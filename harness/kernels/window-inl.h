// Compiled once an instruction set (see hwy/foreach_target.h).
#if defined(ABLATE_KERNELS_WINDOW_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_WINDOW_INL_H
#undef ABLATE_KERNELS_WINDOW_INL_H
#else
#define ABLATE_KERNELS_WINDOW_INL_H
#endif

#include "harness/kernels/readers-inl.h"
#include "harness/kernels/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels::HWY_NAMESPACE {

/// Where a window lies: its first pixel may be outside the image.
struct Place {
  std::int64_t image;  // the image's first pixel in the map
  int top, left;
};

/// A window of pixels of an image, laid out as a row: pixels from top left to bottom right, the channels of
/// each. The row is cut into equal segments, one pixel or, if pixels adjoin in memory, a line of the window.
/// Segments are taken together as blocks, so that a tile of blocks stays in the caches.
struct Window {
  int height = 0, width = 0, channels = 0;  // of the image
  int lines = 0, columns = 0;               // of the window
  bool adjoining = false;                   // the channels of one pixel follow those of the last

  int pixels() const { return lines * columns; }
  int segment() const { return adjoining ? columns : 1; }  // pixels
  int segment_depth() const { return segment() * channels; }
  int segments() const { return pixels() == 0 ? 0 : pixels() / segment(); }
  int segments_of_block() const {
    return std::max(1, std::min(segments(), kDepth / std::max(1, segment_depth())));
  }
  int blocks() const { return std::max(1, (segments() + segments_of_block() - 1) / segments_of_block()); }
  int first_segment(int block) const { return std::min(segments(), block * segments_of_block()); }
  int first_column(int block) const { return first_segment(block) * segment_depth(); }
  int depth(int block) const { return first_column(block + 1) - first_column(block); }
  int largest_depth() const { return depth(0); }

  static constexpr int kDepth = 640;
};

/// `pixels` copies of factors [channels], after each other; null stays null.
HWY_INLINE const float* repeated(Scratch& scratch, const float* factors, int channels, int pixels) {
  if (!factors) return nullptr;
  float* all = scratch.floats(std::int64_t(channels) * pixels);
  for (int p = 0; p < pixels; ++p) std::copy_n(factors, channels, all + std::int64_t(p) * channels);
  return all;
}

/// The same map, with its factors repeated for the pixels of a segment.
HWY_INLINE Source for_segments(Scratch& scratch, const Window& window, Source x) {
  x.scale = repeated(scratch, x.scale, window.channels, window.segment());
  x.shift = repeated(scratch, x.shift, window.channels, window.segment());
  return x;
}
HWY_INLINE GradientIn for_segments(Scratch& scratch, const Window& window, GradientIn d) {
  for (auto* factors : {&d.c1, &d.c2, &d.c3})
    *factors = repeated(scratch, *factors, window.channels, window.segment());
  return d;
}

/// Copies one segment; (line, left) is its first pixel in the image, zero is read outside.
template <class Reader>
HWY_INLINE void gather_segment(const Window& window, const Reader& reader, std::int64_t image, int line,
                               int left, float* to) {
  const int count = window.segment(), channels = window.channels;
  const int from = std::max(0, -left), until = std::min(count, window.width - left);
  if (line < 0 || line >= window.height || from >= until) {
    std::fill_n(to, count * channels, 0.0f);
    return;
  }
  if (from > 0) std::fill_n(to, from * channels, 0.0f);
  reader(image + std::int64_t(line) * window.width + left + from, (until - from) * channels,
         to + from * channels);
  if (until < count) std::fill_n(to + until * channels, (count - until) * channels, 0.0f);
}

/// Copies a block of the windows at `places` into a tile [rows, stride], from the first row to the last.
template <class Map>
HWY_NOINLINE void gather(const Window& window, const Map& map, const Place* places, int rows, int block,
                         float* tile, int stride) {
  const int a_line = window.columns / std::max(1, window.segment());
  const int first = window.first_segment(block), end = window.first_segment(block + 1);
  with_reader(map, [&](auto reader) HWY_ATTR {
    for (int r = 0; r < rows; ++r) {
      const Place& place = places[r];
      float* to = tile + std::int64_t(r) * stride;
      int line = a_line ? first / a_line : 0, column = a_line ? first % a_line : 0;
      for (int s = first; s < end; ++s, to += window.segment_depth()) {
        gather_segment(window, reader, place.image, place.top + line, place.left + column * window.segment(),
                       to);
        if (++column == a_line) column = 0, ++line;
      }
    }
  });
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace ablate::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
