#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/pool.cpp"
#include <hwy/foreach_target.h>

#include "harness/kernels/activations-inl.h"
#include "harness/kernels/elementwise.h"
#include "harness/kernels/isa.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {

/// Sums act(z) over `width` pixels from `row` on, channels c ..
HWY_INLINE Vector sum_pixels(const Source& x, std::int64_t row, int width, int c, int count) {
  Vector sum = all(0);
  int w = 0;
  for (; w + 4 <= width; w += 4) {
    Vector value[4];
    read(x, row + w, c, count, value);
    sum = hn::Add(sum, hn::Add(hn::Add(value[0], value[1]), hn::Add(value[2], value[3])));
  }
  for (; w < width; ++w) {
    Vector value[1];
    read(x, row + w, c, count, value);
    sum = hn::Add(sum, value[0]);
  }
  return sum;
}

void pool_images(std::int64_t begin, std::int64_t end, const Pool& s, const Source& x, Values out,
                 std::int64_t out_stride) {
  const Vector share = all(1.0f / static_cast<float>(s.kernel_height * s.kernel_width));
  for (std::int64_t row = begin * s.out_height(); row < end * s.out_height(); ++row)
    for (int w = 0; w < s.out_width(); ++w)
      for (int c = 0; c < s.channels; c += kLanes) {
        const int count = std::min(kLanes, s.channels - c);
        const std::int64_t image = row / s.out_height(), top = row % s.out_height() * s.kernel_height;
        const std::int64_t first = (image * s.height + top) * s.width + w * s.kernel_width;
        Vector sum = all(0);
        for (int h = 0; h < s.kernel_height; ++h)
          sum = hn::Add(sum, sum_pixels(x, first + std::int64_t(h) * s.width, s.kernel_width, c, count));
        const Vector mean[] = {hn::Mul(sum, share)};
        store_pixels(mean, out + (row * s.out_width() + w) * out_stride + c, 0, count);
      }
}

/// Stores the gradient of pixels begin .. end, which all get `part`, [padded channels].
HWY_INLINE void spread(const GradientStore& store, std::int64_t begin, std::int64_t end, int channels,
                       const float* part) {
  for_tiles(begin, end, channels, [&]<int R>(Pixels<R>, std::int64_t row, int c, int count) HWY_ATTR {
    Vector g[R];
    for (int r = 0; r < R; ++r) g[r] = hn::Load(kFloats, part + c);
    store.put(row, c, count, g);
  });
}

/// Row h of an image; `part` is room for [padded channels].
HWY_INLINE void spread_row(const Pool& s, std::int64_t image, int h, ConstValues g, std::int64_t g_stride,
                           const GradientStore& store, float* part) {
  const Vector share = all(1.0f / static_cast<float>(s.kernel_height * s.kernel_width));
  const std::int64_t first = (image * s.height + h) * s.width;
  const int windows = h < s.out_height() * s.kernel_height ? s.out_width() : 0;
  for (int w = 0; w < windows; ++w) {
    const std::int64_t window = (image * s.out_height() + h / s.kernel_height) * s.out_width() + w;
    for (int c = 0; c < s.channels; c += kLanes) {
      Vector gradient[1];
      load_pixels(g + window * g_stride + c, 0, std::min(kLanes, s.channels - c), gradient);
      hn::Store(hn::Mul(share, gradient[0]), kFloats, part + c);
    }
    const std::int64_t begin = first + w * s.kernel_width;
    spread(store, begin, begin + s.kernel_width, s.channels, part);
  }
  std::fill_n(part, s.channels, 0.0f);
  spread(store, first + windows * s.kernel_width, first + s.width, s.channels, part);
}

void spread_images(std::int64_t begin, std::int64_t end, const Pool& s, ConstValues g, std::int64_t g_stride,
                   const Source& x, const GradientOut& dx, double* sums) {
  Scratch scratch;
  const GradientStore store(dx, x, s.channels, scratch);
  float* part = scratch.zeros<float>(padded(s.channels));
  for (std::int64_t image = begin; image < end; ++image) {
    for (int h = 0; h < s.height; ++h) spread_row(s, image, h, g, g_stride, store, part);
    store.flush(sums);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(pool_images);
HWY_EXPORT(spread_images);

namespace {

Ranges chunks_of(const Pool& s) {
  return {s.images, rows_of_a_range(s.channels) / std::max(1, s.height * s.width)};
}

}  // namespace

void pool_forward(const Pool& shape, const Source& x, Values out, std::int64_t out_stride,
                  const ForEach& each) {
  const auto chunks = chunks_of(shape);
  instruction_set();
  each(chunks.count, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(pool_images)(chunks.begin(i), chunks.end(i), shape, x, out, out_stride);
  });
}

void pool_backward(const Pool& shape, ConstValues g, std::int64_t g_stride, const Source& x,
                   const GradientOut& dx, const ForEach& each) {
  const auto chunks = chunks_of(shape);
  Scratch scratch;
  const ChunkGradients sums(scratch, chunks, shape.channels, dx);
  instruction_set();
  each(chunks.count, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(spread_images)
    (chunks.begin(i), chunks.end(i), shape, g, g_stride, x, dx, sums.of(i));
  });
  sums.finish();
}

}  // namespace ablate::kernels
#endif
