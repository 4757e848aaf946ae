#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/pool.cpp"
#include <hwy/foreach_target.h>

#include "harness/kernels/blocks-inl.h"
#include "harness/kernels/elementwise.h"
#include "harness/kernels/isa.h"
#include "harness/kernels/over_images.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {

namespace {

std::int64_t pixels_of(const Pool& s) {
  return std::int64_t(s.images) * s.height * s.width;
}
/// What a pixel of a window counts.
float share_of(const Pool& s) {
  return 1.0f / static_cast<float>(s.kernel_height * s.kernel_width);
}

/// The sums of the rows of one row of windows, into a row without gaps. pixel: the first one.
template <class A>
HWY_FLATTEN HWY_NOINLINE void sum_rows(const Pool& s, const Wide& pixels, std::int64_t pixel,
                                       const WideSource& source, A act, float* sums) {
  const WideSource x = source;
  const Wide wide = pixels;
  const std::int64_t second = pixel + s.width;
  for_image_rows(wide, pixel, s.kernel_height, s.width,
                 [=]<int R>(Pixels<R>, const Spot& at, int place, auto lanes) HWY_ATTR {
                   Vector value[R];
                   x.read(act, at, lanes, value);
                   Vector sum = value[0];
                   for (int r = 1; r < R; ++r) sum = hn::Add(sum, value[r]);
                   if (at.pixel >= second) sum = hn::Add(sum, lanes.load(sums + place));
                   lanes.store(sum, sums + place);
                 });
}

/// A row of means of a row of sums.
template <class T>
HWY_FLATTEN HWY_NOINLINE void mean_row(const Pool& s, const float* sums, T* out, std::int64_t out_stride) {
  const Vector share = all(share_of(s));
  const int channels = s.channels, width = s.kernel_width, windows = s.out_width();
  for (int w = 0; w < windows; ++w)
    for_vectors(channels, [=](int c, auto lanes) HWY_ATTR {
      const float* from = sums + w * width * channels + c;
      Vector sum = lanes.load(from);
      for (int k = 1; k < width; ++k) sum = hn::Add(sum, lanes.load(from + k * channels));
      lanes.store(hn::Mul(sum, share), out + w * out_stride + c);
    });
}

/// The gradient of a row of the map that a row of windows reads, without gaps.
template <class T>
HWY_FLATTEN HWY_NOINLINE void spread_row(const Pool& s, const T* g, std::int64_t g_stride, float* row) {
  const Vector share = all(share_of(s));
  const int channels = s.channels, width = s.kernel_width, windows = s.out_width();
  for (int w = 0; w < windows; ++w)
    for_vectors(channels, [=](int c, auto lanes) HWY_ATTR {
      const Vector part = hn::Mul(share, lanes.load(g + w * g_stride + c));
      for (int k = 0; k < width; ++k) lanes.store(part, row + (w * width + k) * channels + c);
    });
}

}  // namespace

void pool_images(std::int64_t begin, std::int64_t end, const Pool& s, const Source& x, Values out,
                 std::int64_t out_stride) {
  Scratch scratch;
  const Wide wide(s.channels, is_dense(x, s.channels));
  const WideSource source(x, wide, scratch);
  float* sums = scratch.take<float>(s.width * s.channels);
  with_act(x.act, [&](auto act) {
    for (std::int64_t row = begin * s.out_height(); row < end * s.out_height(); ++row) {
      const std::int64_t image = row / s.out_height(), top = row % s.out_height() * s.kernel_height;
      sum_rows(s, wide, (image * s.height + top) * s.width, source, act, sums);
      with_type(out.type(), [&]<class T>() {
        mean_row(s, sums, out.as<T>() + row * s.out_width() * out_stride, out_stride);
      });
    }
  });
}

void spread_images(std::int64_t begin, std::int64_t end, const Pool& s, ConstValues g, std::int64_t g_stride,
                   const Source& x, const GradientOut& dx, double* sums) {
  Scratch scratch;
  const Wide wide(s.channels, is_dense(x, s.channels) && is_dense(dx, s.channels));
  const WideSource source(x, wide, scratch);
  const WideGradient gradient(dx, wide, pixels_of(s), s.width, scratch);
  float* row = scratch.zeros<float>(s.width * s.channels);  // zero beyond the last window
  const float* zeros = scratch.zeros<float>(s.width * s.channels);
  const int covered = s.out_height() * s.kernel_height;
  with_act(x.act, [&](auto act) {
    for (std::int64_t image = begin; image < end; ++image) {
      const std::int64_t pixel = image * s.height * s.width;
      for (int h = 0; h < s.out_height(); ++h) {
        const std::int64_t window = (image * s.out_height() + h) * s.out_width();
        with_type(g.type(), [&]<class T>() { spread_row(s, g.as<T>() + window * g_stride, g_stride, row); });
        pass_row(wide, pixel + h * s.kernel_height * s.width, s.kernel_height, s.width, row, source, act,
                 gradient);
      }
      pass_row(wide, pixel + covered * s.width, s.height - covered, s.width, zeros, source, act, gradient);
      gradient.flush(sums);
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(pool_images);
HWY_EXPORT(spread_images);

void pool_forward(const Pool& shape, const Source& x, Values out, std::int64_t out_stride,
                  const ForEach& each) {
  over_images(shape, each, [&](std::int64_t begin, std::int64_t end, const auto& /*sums*/) {
    HWY_DYNAMIC_DISPATCH(pool_images)(begin, end, shape, x, out, out_stride);
  });
}

void pool_backward(const Pool& shape, ConstValues g, std::int64_t g_stride, const Source& x,
                   const GradientOut& dx, const ForEach& each) {
  over_images(
      shape, each,
      [&](std::int64_t begin, std::int64_t end, const auto& sums) {
        HWY_DYNAMIC_DISPATCH(spread_images)(begin, end, shape, g, g_stride, x, dx, sums[0]);
      },
      dx);
}

}  // namespace ablate::kernels
#endif
