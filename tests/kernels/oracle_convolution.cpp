#include <cmath>
#include <vector>

#include "tests/kernels/oracle.h"
#include "tests/kernels/oracle_values.h"

namespace ablate::kernels::oracle {
namespace {

/// Any convolution: calls visit(output pixel, input pixel, tap) for every pair that the kernel joins.
template <class Visit>
void for_pairs(const Dense& s, Visit visit) {
  for (int n = 0; n < s.images; ++n)
    for (int oh = 0; oh < s.out_height(); ++oh)
      for (int ow = 0; ow < s.out_width(); ++ow)
        for (int kh = 0; kh < s.kernel_height; ++kh)
          for (int kw = 0; kw < s.kernel_width; ++kw) {
            const int h = oh * s.stride + kh - s.pad_height, w = ow * s.stride + kw - s.pad_width;
            if (h < 0 || h >= s.height || w < 0 || w >= s.width) continue;
            visit((std::int64_t(n) * s.out_height() + oh) * s.out_width() + ow,
                  (std::int64_t(n) * s.height + h) * s.width + w, kh * s.kernel_width + kw);
          }
}

Dense dense_of(const Depthwise& s) {
  return {s.images,        s.height,       s.width,  s.channels,          s.channels,
          s.kernel_height, s.kernel_width, s.stride, s.kernel_height / 2, s.kernel_width / 2};
}

Dense dense_of(const Pointwise& s) {
  return {1, static_cast<int>(s.rows), 1, s.in, s.out, 1, 1, 1, 0, 0};
}

std::int64_t pixels_in(const Dense& s) {
  return std::int64_t(s.images) * s.height * s.width;
}
std::int64_t pixels_out(const Dense& s) {
  return std::int64_t(s.images) * s.out_height() * s.out_width();
}

using Rounding = double (*)(double);
double as_it_is(double value) {
  return value;
}
Rounding rounding_of(Type in, Type out) {
  return in == Type::BFloat16 && out == Type::BFloat16 ? as_half : as_it_is;
}

void convolve(const Dense& s, const Source& x, const float* w, float* y, std::int64_t y_stride,
              const Moments& moments, Rounding factor) {
  std::vector<double> sum(pixels_out(s) * s.out, 0.0);
  const int taps = s.kernel_height * s.kernel_width;
  for_pairs(s, [&](std::int64_t o, std::int64_t i, int tap) {
    for (int k = 0; k < s.in; ++k) {
      const double value = factor(read(x, i, k));
      for (int n = 0; n < s.out; ++n)
        sum[o * s.out + n] += value * factor(w[(std::int64_t(n) * taps + tap) * s.in + k]);
    }
  });
  put(sum, pixels_out(s), s.out, y, y_stride);
  take(moments, sum, pixels_out(s), s.out);
}

void convolve_back(const Dense& s, const GradientIn& d, const Source& x, const float* w,
                   const GradientOut& dx, float* dw, Rounding factor) {
  const int taps = s.kernel_height * s.kernel_width;
  std::vector<double> g(pixels_in(s) * s.in, 0.0), gw(std::int64_t(s.out) * taps * s.in, 0.0);
  for_pairs(s, [&](std::int64_t o, std::int64_t i, int tap) {
    for (int n = 0; n < s.out; ++n) {
      const double gradient = factor(read(d, o, n));
      for (int k = 0; k < s.in; ++k) {
        const std::int64_t at = (std::int64_t(n) * taps + tap) * s.in + k;
        g[i * s.in + k] += gradient * factor(w[at]);
        gw[at] += gradient * factor(read(x, i, k));
      }
    }
  });
  store_all(dx, x, g, pixels_in(s), s.in);
  if (dw)
    for (std::size_t i = 0; i < gw.size(); ++i) dw[i] = static_cast<float>(gw[i]);
}

}  // namespace

double as_half(double value) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);  // eight binary digits remain
  return std::ldexp(std::nearbyint(std::ldexp(fraction, 8)), exponent - 8);
}

void dense_forward(const Dense& s, const Source& x, const float* w, float* y, std::int64_t y_stride,
                   const Moments& moments) {
  convolve(s, x, w, y, y_stride, moments, as_it_is);
}
void dense_backward(const Dense& s, const GradientIn& d, const Source& x, const float* w,
                    const GradientOut& dx, float* dw) {
  convolve_back(s, d, x, w, dx, dw, as_it_is);
}

void depthwise_forward(const Depthwise& shape, const Source& x, const float* w, float* y,
                       std::int64_t y_stride, const Moments& moments) {
  const auto s = dense_of(shape);
  const int taps = s.kernel_height * s.kernel_width;
  std::vector<double> sum(pixels_out(s) * s.out, 0.0);
  for_pairs(s, [&](std::int64_t o, std::int64_t i, int tap) {
    for (int c = 0; c < s.in; ++c) sum[o * s.in + c] += read(x, i, c) * w[c * taps + tap];
  });
  put(sum, pixels_out(s), s.out, y, y_stride);
  take(moments, sum, pixels_out(s), s.out);
}

void depthwise_backward(const Depthwise& shape, const GradientIn& d, const Source& x, const float* w,
                        const GradientOut& dx, float* dw) {
  const auto s = dense_of(shape);
  const int taps = s.kernel_height * s.kernel_width;
  std::vector<double> g(pixels_in(s) * s.in, 0.0), gw(std::int64_t(s.in) * taps, 0.0);
  for_pairs(s, [&](std::int64_t o, std::int64_t i, int tap) {
    for (int c = 0; c < s.in; ++c) {
      const double gradient = read(d, o, c);
      g[i * s.in + c] += gradient * w[c * taps + tap];
      gw[c * taps + tap] += gradient * read(x, i, c);
    }
  });
  store_all(dx, x, g, pixels_in(s), s.in);
  if (dw)
    for (std::size_t i = 0; i < gw.size(); ++i) dw[i] = static_cast<float>(gw[i]);
}

void pointwise_forward(const Pointwise& shape, const Source& x, const float* w, float* y,
                       std::int64_t y_stride, const Moments& moments, Type y_type) {
  convolve(dense_of(shape), x, w, y, y_stride, moments, rounding_of(x.data.type(), y_type));
}

void pointwise_backward(const Pointwise& shape, const GradientIn& d, const Source& x, const float* w,
                        const GradientOut& dx, float* dw) {
  convolve_back(dense_of(shape), d, x, w, dx, dw, rounding_of(x.data.type(), d.dz.type()));
}

}  // namespace ablate::kernels::oracle
