// Compiled once an instruction set (see hwy/foreach_target.h).
#if defined(ABLATE_KERNELS_WINDOWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_WINDOWS_INL_H
#undef ABLATE_KERNELS_WINDOWS_INL_H
#else
#define ABLATE_KERNELS_WINDOWS_INL_H
#endif

#include "harness/kernels/convolution.h"
#include "harness/kernels/epilogues-inl.h"
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

  /// Whether the window there is inside the image.
  bool holds(const Place& place) const {
    return place.top >= 0 && place.left >= 0 && place.top + lines <= height && place.left + columns <= width;
  }

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

/// Copies a segment that may be partly or wholly outside the image, where it is zero; (line, left) is its
/// first pixel. Like a reader's, whole vectors are written.
template <class Reader>
HWY_INLINE void gather_edge(const Window& window, const Reader& reader, std::int64_t image, int line,
                            int left, float* to) {
  const int channels = window.channels, from = std::max(0, -left);
  const int until = std::min(window.segment(), window.width - left);
  for (int c = 0; c < window.segment_depth(); c += kLanes) hn::StoreU(hn::Zero(Floats()), Floats(), to + c);
  if (line < 0 || line >= window.height || from >= until) return;
  const Span inside((until - from) * channels);
  read_pixel(reader, image + std::int64_t(line) * window.width + left + from, inside, to + from * channels);
}

/// Copies a block of the windows at `places` into a tile [rows, stride], from the first row to the last.
template <class Map>
HWY_NOINLINE void gather(const Window& window, const Map& map, const Place* places, int rows, int block,
                         float* tile, int stride) {
  const int segment = window.segment(), depth = window.segment_depth();
  const int a_line = segment ? window.columns / segment : 0;
  const int segments = window.first_segment(block + 1) - window.first_segment(block);
  const int first_line = segments ? window.first_segment(block) / a_line : 0;
  const int first_column = segments ? window.first_segment(block) % a_line : 0;
  with_reader(map, [&](auto reader) HWY_ATTR {
    const Span span(depth);
    for (int r = 0; r < rows; ++r) {
      const Place& place = places[r];
      const bool inside = window.holds(place);
      float* to = tile + std::int64_t(r) * stride;
      int line = place.top + first_line, column = first_column;
      for (int s = 0; s < segments; ++s, to += depth) {
        const int left = place.left + column * segment;
        if (inside)
          read_pixel(reader, place.image + std::int64_t(line) * window.width + left, span, to);
        else
          gather_edge(window, reader, place.image, line, left, to);
        if (++column == a_line) column = 0, ++line;
      }
    }
  });
}

/// The windows of an operation: one for each point of a grid over every image.
struct Windows {
  Window window;
  std::int64_t images = 0;
  int height = 0, width = 0;  // of the grid
  int top = 0, left = 0;      // where the window of the grid's first point begins
  int step = 1;               // pixels from window to window

  std::int64_t rows() const { return images * height * width; }

  /// Calls use(r, image, i, j) for the points `first` and following.
  template <class Use>
  void for_points(std::int64_t first, int rows, Use use) const {
    int j = static_cast<int>(first % width), i = static_cast<int>(first / width % height);
    std::int64_t image = first / width / height;
    for (int r = 0; r < rows; ++r) {
      use(r, image, i, j);
      if (++j < width) continue;
      j = 0;
      if (++i < height) continue;
      i = 0;
      ++image;
    }
  }

  void find_places(std::int64_t first, int rows, Place* places) const {
    const std::int64_t pixels = std::int64_t(window.height) * window.width;
    for_points(first, rows, [&](int r, std::int64_t image, int i, int j) {
      places[r] = {image * pixels, top + i * step, left + j * step};
    });
  }
};

/// A product of windows [rows, depth] with a weight [depth, columns], packed block by block.
struct WindowProduct {
  Window window;
  int columns = 0;
  const float* panels = nullptr;

  static std::int64_t floats(const Window& window, int columns) {
    return Packed<float>::size(window.pixels() * window.channels, columns);
  }
  Packed<float> block(int b) const {
    return {panels + Packed<float>::size(window.first_column(b), columns), window.depth(b), columns};
  }
  bool in_blocks() const { return window.blocks() > 1; }
};

/// What a chunk needs to gather and multiply.
struct GatherRoom {
  GatherRoom(Scratch& scratch, const Window& window, int tile, int columns_kept)
      : stride(tile_stride(window.largest_depth())),
        kept_stride(tile_stride(columns_kept)),
        places(scratch.take<Place>(tile)),
        rows(scratch.floats(std::int64_t(tile) * stride + kLanes)),
        kept(columns_kept ? scratch.floats(std::int64_t(tile) * kept_stride) : nullptr) {}

  int stride, kept_stride;
  Place* places;
  float* rows;  // [tile, stride]: a block of the windows
  float* kept;  // [tile, kept_stride]: the product of the blocks so far
};

/// Gathers block after block; finish(block's weights, what the product begins with) makes the last product.
template <class Map, class Finish>
HWY_INLINE void multiply_windows(const WindowProduct& product, const Map& map, int rows,
                                 const GatherRoom& room, Finish finish) {
  const int last = product.window.blocks() - 1;
  for (int b = 0; b <= last; ++b) {
    gather(product.window, map, room.places, rows, b, room.rows, room.stride);
    const Begun begun{b == 0 ? nullptr : room.kept, room.kept_stride};
    if (b == last) return finish(product.block(b), begun);
    multiply_rows(rows, room.rows, room.stride, product.block(b), begun,
                  KeepSums{room.kept, room.kept_stride});
  }
}

HWY_INLINE Windows forward_windows(const Dense& shape, const Source& x) {
  Windows all;
  all.window = {shape.height,        shape.width,        shape.in,
                shape.kernel_height, shape.kernel_width, x.stride == shape.in};
  all.images = shape.images;
  all.height = shape.out_height(), all.width = shape.out_width();
  all.top = -shape.pad_height, all.left = -shape.pad_width, all.step = shape.stride;
  return all;
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace ablate::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
