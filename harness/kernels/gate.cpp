#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/gate.cpp"
#include <hwy/foreach_target.h>

#include "harness/kernels/activations-inl.h"
#include "harness/kernels/elementwise.h"
#include "harness/kernels/isa.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {

/// Calls body(begin, end, gate pixel) for the stretches of an image's pixels that share a pixel of the gate.
template <class Body>
HWY_INLINE void for_stretches(const Gate& s, const Body& body) {
  if (s.gate_height == 1 && s.gate_width == 1) return body(0, s.height * s.width, 0);
  const auto column = [&](int w) { return static_cast<int>(std::int64_t(w) * s.gate_width / s.width); };
  for (int h = 0; h < s.height; ++h) {
    const int row = static_cast<int>(std::int64_t(h) * s.gate_height / s.height) * s.gate_width;
    for (int w = 0, end = 0; w < s.width; w = end) {
      while (end < s.width && column(end) == column(w)) ++end;
      body(h * s.width + w, h * s.width + end, row + column(w));
    }
  }
}

/// The gate of one image as read, [gate pixels, padded channels].
void read_gate(const Gate& s, int image, const Source& gate, float* values) {
  const int pixels = s.gate_height * s.gate_width;
  for_tiles(0, pixels, s.channels, [&]<int R>(Pixels<R>, std::int64_t row, int c, int count) HWY_ATTR {
    Vector value[R];
    read(gate, std::int64_t(image) * pixels + row, c, count, value);
    for (int r = 0; r < R; ++r) hn::Store(value[r], kFloats, values + (row + r) * padded(s.channels) + c);
  });
}

void gate_images(std::int64_t begin, std::int64_t end, const Gate& s, const Source& x, const Source& gate,
                 Values out, std::int64_t out_stride) {
  Scratch scratch;
  const int width = padded(s.channels);
  float* factors = scratch.take<float>(std::int64_t(s.gate_height) * s.gate_width * width);
  for (std::int64_t image = begin; image < end; ++image) {
    read_gate(s, static_cast<int>(image), gate, factors);
    const std::int64_t first = image * s.height * s.width;
    for_stretches(s, [&](int from, int to, int q) HWY_ATTR {
      for_tiles(first + from, first + to, s.channels,
                [&]<int R>(Pixels<R>, std::int64_t row, int c, int count) HWY_ATTR {
                  const Vector factor = hn::Load(kFloats, factors + std::int64_t(q) * width + c);
                  Vector value[R];
                  read(x, row, c, count, value);
                  for (int r = 0; r < R; ++r) value[r] = hn::Mul(value[r], factor);
                  store_pixels(value, out + row * out_stride + c, out_stride, count);
                });
    });
  }
}

/// Everything the backward pass of one chunk holds.
struct GateParts {
  const GradientStore store, store_gate;
  float *factors, *gradients;  // of one image [gate pixels, padded channels]: the gate as read, its gradient
};

/// One image: dx, and the gate's gradient into parts.gradients.
HWY_INLINE void part_image(const Gate& s, std::int64_t image, ConstValues g, std::int64_t g_stride,
                           const Source& x, const GateParts& parts) {
  const int width = padded(s.channels);
  const std::int64_t first = image * s.height * s.width;
  for_stretches(s, [&](int from, int to, int q) HWY_ATTR {
    const std::int64_t at = std::int64_t(q) * width;
    for_tiles(first + from, first + to, s.channels,
              [&]<int R>(Pixels<R>, std::int64_t row, int c, int count) HWY_ATTR {
                const Vector factor = hn::Load(kFloats, parts.factors + at + c);
                Vector value[R], gradient[R], sum = all(0);
                load_pixels(g + row * g_stride + c, g_stride, count, gradient);
                read(x, row, c, count, value);
                for (int r = 0; r < R; ++r) sum = hn::MulAdd(gradient[r], value[r], sum);
                add_to(parts.gradients + at + c, sum);
                for (int r = 0; r < R; ++r) gradient[r] = hn::Mul(gradient[r], factor);
                parts.store.put(row, c, count, gradient);
              });
  });
}

void part_images(std::int64_t begin, std::int64_t end, const Gate& s, ConstValues g, std::int64_t g_stride,
                 const Source& x, const Source& gate, const GradientOut& dx, const GradientOut& dgate,
                 double* sums, double* gate_sums) {
  Scratch scratch;
  const int width = padded(s.channels), pixels = s.gate_height * s.gate_width;
  const GateParts parts{{dx, x, s.channels, scratch},
                        {dgate, gate, s.channels, scratch},
                        scratch.take<float>(std::int64_t(pixels) * width),
                        scratch.take<float>(std::int64_t(pixels) * width)};
  for (std::int64_t image = begin; image < end; ++image) {
    read_gate(s, static_cast<int>(image), gate, parts.factors);
    std::fill_n(parts.gradients, std::int64_t(pixels) * width, 0.0f);
    part_image(s, image, g, g_stride, x, parts);
    for_tiles(0, pixels, s.channels, [&]<int R>(Pixels<R>, std::int64_t row, int c, int count) HWY_ATTR {
      Vector gradient[R];
      load_pixels(parts.gradients + row * width + c, width, kLanes, gradient);
      parts.store_gate.put(image * pixels + row, c, count, gradient);
    });
    parts.store.flush(sums);
    parts.store_gate.flush(gate_sums);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(gate_images);
HWY_EXPORT(part_images);

namespace {

Ranges chunks_of(const Gate& s) {
  return {s.images, rows_of_a_range(s.channels) / std::max(1, s.height * s.width)};
}

}  // namespace

void gate_forward(const Gate& shape, const Source& x, const Source& gate, Values out, std::int64_t out_stride,
                  const ForEach& each) {
  const auto chunks = chunks_of(shape);
  instruction_set();
  each(chunks.count, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(gate_images)(chunks.begin(i), chunks.end(i), shape, x, gate, out, out_stride);
  });
}

void gate_backward(const Gate& shape, ConstValues g, std::int64_t g_stride, const Source& x,
                   const Source& gate, const GradientOut& dx, const GradientOut& dgate, const ForEach& each) {
  const auto chunks = chunks_of(shape);
  Scratch scratch;
  const ChunkGradients sums(scratch, chunks, shape.channels, dx);
  const ChunkGradients gate_sums(scratch, chunks, shape.channels, dgate);
  instruction_set();
  each(chunks.count, [&](std::int64_t i) {
    HWY_DYNAMIC_DISPATCH(part_images)
    (chunks.begin(i), chunks.end(i), shape, g, g_stride, x, gate, dx, dgate, sums.of(i), gate_sums.of(i));
  });
  sums.finish();
  gate_sums.finish();
}

}  // namespace ablate::kernels
#endif
