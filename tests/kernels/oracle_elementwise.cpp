#include <vector>

#include "tests/kernels/oracle.h"
#include "tests/kernels/oracle_values.h"

namespace ablate::kernels::oracle {

void sum_forward(std::int64_t rows, int channels, std::span<const Source> sources, float* out,
                 std::int64_t out_stride) {
  for (std::int64_t r = 0; r < rows; ++r)
    for (int c = 0; c < channels; ++c) {
      double sum = 0;
      for (const auto& source : sources) sum += read(source, r, c);
      out[r * out_stride + c] = static_cast<float>(sum);
    }
}

void pass_gradient(std::int64_t rows, int channels, ConstValues g, std::int64_t g_stride, const Source& x,
                   const GradientOut& dx) {
  for (std::int64_t r = 0; r < rows; ++r)
    for (int c = 0; c < channels; ++c) store(dx, x, r, c, number(g, r * g_stride + c));
}

void moments_of(std::int64_t rows, int channels, const Source& x, const Moments& moments) {
  std::vector<double> values(rows * channels);
  for (std::int64_t r = 0; r < rows; ++r)
    for (int c = 0; c < channels; ++c) values[r * channels + c] = read(x, r, c);
  take(moments, values, rows, channels);
}

void gate_forward(const Gate& s, const Source& x, const Source& gate, float* out, std::int64_t out_stride) {
  for (int n = 0; n < s.images; ++n)
    for (int h = 0; h < s.height; ++h)
      for (int w = 0; w < s.width; ++w) {
        const std::int64_t r = (std::int64_t(n) * s.height + h) * s.width + w;
        const std::int64_t q =
            (std::int64_t(n) * s.gate_height + std::int64_t(h) * s.gate_height / s.height) * s.gate_width +
            std::int64_t(w) * s.gate_width / s.width;
        for (int c = 0; c < s.channels; ++c)
          out[r * out_stride + c] = static_cast<float>(read(x, r, c) * read(gate, q, c));
      }
}

void gate_backward(const Gate& s, ConstValues g, std::int64_t g_stride, const Source& x, const Source& gate,
                   const GradientOut& dx, const GradientOut& dgate) {
  const std::int64_t gates = std::int64_t(s.images) * s.gate_height * s.gate_width;
  std::vector<double> sums(gates * s.channels, 0.0);
  for (int n = 0; n < s.images; ++n)
    for (int h = 0; h < s.height; ++h)
      for (int w = 0; w < s.width; ++w) {
        const std::int64_t r = (std::int64_t(n) * s.height + h) * s.width + w;
        const std::int64_t q =
            (std::int64_t(n) * s.gate_height + std::int64_t(h) * s.gate_height / s.height) * s.gate_width +
            std::int64_t(w) * s.gate_width / s.width;
        for (int c = 0; c < s.channels; ++c) {
          const double gradient = number(g, r * g_stride + c);
          sums[q * s.channels + c] += gradient * read(x, r, c);
          store(dx, x, r, c, gradient * read(gate, q, c));
        }
      }
  store_all(dgate, gate, sums, gates, s.channels);
}

namespace {

template <class Visit>
void for_windows(const Pool& s, Visit visit) {
  for (int n = 0; n < s.images; ++n)
    for (int h = 0; h < s.out_height() * s.kernel_height; ++h)
      for (int w = 0; w < s.out_width() * s.kernel_width; ++w)
        visit((std::int64_t(n) * s.out_height() + h / s.kernel_height) * s.out_width() + w / s.kernel_width,
              (std::int64_t(n) * s.height + h) * s.width + w);
}

}  // namespace

void pool_forward(const Pool& s, const Source& x, float* out, std::int64_t out_stride) {
  const std::int64_t rows = std::int64_t(s.images) * s.out_height() * s.out_width();
  std::vector<double> sum(rows * s.channels, 0.0);
  for_windows(s, [&](std::int64_t o, std::int64_t i) {
    for (int c = 0; c < s.channels; ++c)
      sum[o * s.channels + c] += read(x, i, c) / (s.kernel_height * s.kernel_width);
  });
  put(sum, rows, s.channels, out, out_stride);
}

void pool_backward(const Pool& s, ConstValues g, std::int64_t g_stride, const Source& x,
                   const GradientOut& dx) {
  const std::int64_t rows = std::int64_t(s.images) * s.height * s.width;
  std::vector<double> spread(rows * s.channels, 0.0);
  for_windows(s, [&](std::int64_t o, std::int64_t i) {
    for (int c = 0; c < s.channels; ++c)
      spread[i * s.channels + c] = number(g, o * g_stride + c) / (s.kernel_height * s.kernel_width);
  });
  store_all(dx, x, spread, rows, s.channels);
}

namespace {

/// The pixel of window (h, w) of image n whose value in channel c is the largest, the first of equal ones.
std::int64_t largest(const MaxPool& s, const Source& x, int n, int h, int w, int c) {
  std::int64_t found = -1;
  for (int i = h * s.stride - s.padding; i < h * s.stride - s.padding + s.kernel; ++i)
    for (int j = w * s.stride - s.padding; j < w * s.stride - s.padding + s.kernel; ++j) {
      if (i < 0 || i >= s.height || j < 0 || j >= s.width) continue;
      const std::int64_t pixel = (std::int64_t(n) * s.height + i) * s.width + j;
      if (found < 0 || read(x, pixel, c) > read(x, found, c)) found = pixel;
    }
  return found;
}

template <class Visit>
void for_maxima(const MaxPool& s, const Source& x, Visit visit) {
  std::int64_t window = 0;
  for (int n = 0; n < s.images; ++n)
    for (int h = 0; h < s.out_height(); ++h)
      for (int w = 0; w < s.out_width(); ++w, ++window)
        for (int c = 0; c < s.channels; ++c) visit(window, largest(s, x, n, h, w, c), c);
}

}  // namespace

void max_pool_forward(const MaxPool& s, const Source& x, float* out, std::int64_t out_stride) {
  for_maxima(s, x, [&](std::int64_t window, std::int64_t pixel, int c) {
    out[window * out_stride + c] = static_cast<float>(read(x, pixel, c));
  });
}

void max_pool_backward(const MaxPool& s, ConstValues g, std::int64_t g_stride, const Source& x,
                       const GradientOut& dx) {
  const std::int64_t rows = std::int64_t(s.images) * s.height * s.width;
  std::vector<double> parts(rows * s.channels, 0.0);
  for_maxima(s, x, [&](std::int64_t window, std::int64_t pixel, int c) {
    parts[pixel * s.channels + c] += number(g, window * g_stride + c);
  });
  store_all(dx, x, parts, rows, s.channels);
}

void interleave_forward(std::int64_t rows, int channels, const Source& a, const Source& b, float* out,
                        std::int64_t out_stride) {
  for (std::int64_t r = 0; r < rows; ++r)
    for (int c = 0; c < channels; ++c) {
      out[r * out_stride + 2 * c] = static_cast<float>(read(a, r, c));
      out[r * out_stride + 2 * c + 1] = static_cast<float>(read(b, r, c));
    }
}

void interleave_backward(std::int64_t rows, int channels, ConstValues g, std::int64_t g_stride,
                         const Source& a, const Source& b, const GradientOut& da, const GradientOut& db) {
  for (std::int64_t r = 0; r < rows; ++r)
    for (int c = 0; c < channels; ++c) {
      store(da, a, r, c, number(g, r * g_stride + 2 * c));
      store(db, b, r, c, number(g, r * g_stride + 2 * c + 1));
    }
}

}  // namespace ablate::kernels::oracle
