#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/max_pool.cpp"
#include <hwy/foreach_target.h>

#include <type_traits>

#include "harness/kernels/blocks-inl.h"
#include "harness/kernels/elementwise.h"
#include "harness/kernels/isa.h"
#include "harness/kernels/over_images.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

using Mask = hn::Mask<Floats>;

/// Whether v takes the place of the maximum of the values before it: of equal ones the first stays, NaN wins.
HWY_INLINE Mask exceeds(Vector v, Vector most) {
  return hn::Or(hn::Gt(v, most), hn::Not(hn::Eq(v, v)));
}
HWY_INLINE Vector larger(Vector most, Vector v) {
  return hn::IfThenElse(exceeds(v, most), v, most);
}

/// The rows or columns begin .. end of a map of that length that window i sees.
struct Window {
  Window(const MaxPool& s, int i, int length)
      : begin(std::max(0, i * s.stride - s.padding)),
        end(std::min(length, i * s.stride - s.padding + s.kernel)) {}
  int begin, end;
};

/// The maxima of the columns of so many rows, into a row without gaps. pixel: the first one.
template <class A>
HWY_FLATTEN HWY_NOINLINE void most_of_rows(const Wide& pixels, std::int64_t pixel, int rows, int width,
                                           const WideSource& source, A act, float* most) {
  const WideSource x = source;
  const Wide wide = pixels;
  const std::int64_t second = pixel + width;
  for_image_rows(wide, pixel, rows, width,
                 [=]<int R>(Pixels<R>, const Spot& at, int place, auto lanes) HWY_ATTR {
                   Vector value[R];
                   x.read(act, at, lanes, value);
                   Vector all = value[0];
                   if (at.pixel >= second) all = larger(lanes.load(most + place), all);
                   for (int r = 1; r < R; ++r) all = larger(all, value[r]);
                   lanes.store(all, most + place);
                 });
}

/// A row of maxima of windows of a row of columns' maxima.
template <class T>
HWY_FLATTEN HWY_NOINLINE void most_of_windows(const MaxPool& s, const float* columns, T* out,
                                              std::int64_t out_stride) {
  const int channels = s.channels;
  for (int o = 0; o < s.out_width(); ++o) {
    const Window window(s, o, s.width);
    for_vectors(channels, [=](int c, auto lanes) HWY_ATTR {
      Vector most = lanes.load(columns + window.begin * channels + c);
      for (int w = window.begin + 1; w < window.end; ++w)
        most = larger(most, lanes.load(columns + w * channels + c));
      lanes.store(most, out + o * out_stride + c);
    });
  }
}

/// Rows of an image while windows see them, each in the place of one that they no longer see. Pixels are
/// whole vectors.
class Ring {
 public:
  Ring(const MaxPool& s, Scratch& scratch)
      : rows_(s.kernel), floats_(std::int64_t(s.width) * padded(s.channels)) {
    values_ = scratch.zeros<float>(rows_ * floats_);
  }
  float* row(int h) const { return values_ + h % rows_ * floats_; }

 private:
  std::int64_t rows_, floats_;
  float* values_;
};

template <class A>
HWY_FLATTEN HWY_NOINLINE void read_row(const Wide& one_by_one, std::int64_t pixel, int width,
                                       const WideSource& source, A act, float* row) {
  const WideSource x = source;
  const Wide wide = one_by_one;
  const int apart = padded(wide.channels);
  for_spots(wide, pixel, pixel + width, [=]<int R>(Pixels<R>, const Spot& at, auto lanes) HWY_ATTR {
    Vector value[R];
    x.read(act, at, lanes, value);
    for (int r = 0; r < R; ++r) hn::Store(value[r], kFloats, row + (at.pixel - pixel + r) * apart + at.i);
  });
}

/// A row of a ring without the gaps between its pixels, into `row`; the ring's becomes zero.
HWY_FLATTEN HWY_NOINLINE void take_row(const MaxPool& s, float* from, float* row) {
  const int apart = padded(s.channels);
  for (int w = 0; w < s.width; ++w)
    for (int c = 0; c < s.channels; c += kLanes) {
      hn::StoreU(hn::Load(kFloats, from + w * apart + c), kFloats, row + w * s.channels + c);
      hn::Store(all(0), kFloats, from + w * apart + c);
    }
}

/// Adds the gradient of a window to that of the first of its largest values. N: int, or a constant.
template <class N>
HWY_INLINE void give_to_largest(N height, N width, int first, int apart, float* const* values,
                                float* const* gradients, Vector part) {
  Vector most = hn::Load(kFloats, values[0] + first), which = all(0);
  for (int h = 0; h < height; ++h)
    for (int w = 0; w < width; ++w) {
      const Vector value = hn::Load(kFloats, values[h] + first + w * apart);
      const auto more = exceeds(value, most);
      most = hn::IfThenElse(more, value, most);
      which = hn::IfThenElse(more, all(static_cast<float>(h * width + w)), which);
    }
  for (int h = 0; h < height; ++h)
    for (int w = 0; w < width; ++w) {
      const auto here = hn::Eq(which, all(static_cast<float>(h * width + w)));
      add_to(gradients[h] + first + w * apart, hn::IfThenElseZero(here, part));
    }
}

/// The same for a row of windows, of which the rows are `values` and `gradients`.
template <class T>
HWY_FLATTEN HWY_NOINLINE void give_to_largest(const MaxPool& s, int height, const T* g, std::int64_t g_stride,
                                              float* const* values, float* const* gradients) {
  const int channels = s.channels, apart = padded(channels), windows = s.out_width();
  for (int o = 0; o < windows; ++o) {
    const Window columns(s, o, s.width);
    const int width = columns.end - columns.begin;
    for_vectors(channels, [=](int c, auto lanes) HWY_ATTR {
      const Vector part = lanes.load(g + o * g_stride + c);
      const int first = columns.begin * apart + c;
      if (height == 3 && width == 3) {
        const std::integral_constant<int, 3> three;
        give_to_largest(three, three, first, apart, values, gradients, part);
      } else {
        give_to_largest(height, width, first, apart, values, gradients, part);
      }
    });
  }
}

}  // namespace

void max_pool_images(std::int64_t begin, std::int64_t end, const MaxPool& s, const Source& x, Values out,
                     std::int64_t out_stride) {
  Scratch scratch;
  const Wide wide(s.channels, is_dense(x, s.channels));
  const WideSource source(x, wide, scratch);
  float* columns = scratch.take<float>(s.width * s.channels);
  with_act(x.act, [&](auto act) {
    for (std::int64_t row = begin * s.out_height(); row < end * s.out_height(); ++row) {
      const std::int64_t image = row / s.out_height();
      const Window rows(s, static_cast<int>(row % s.out_height()), s.height);
      most_of_rows(wide, (image * s.height + rows.begin) * s.width, rows.end - rows.begin, s.width, source,
                   act, columns);
      with_type(out.type(), [&]<class T>() {
        most_of_windows(s, columns, out.as<T>() + row * s.out_width() * out_stride, out_stride);
      });
    }
  });
}

void part_images(std::int64_t begin, std::int64_t end, const MaxPool& s, ConstValues g, std::int64_t g_stride,
                 const Source& x, const GradientOut& dx, double* sums) {
  Scratch scratch;
  const Wide wide(s.channels, is_dense(x, s.channels) && is_dense(dx, s.channels)), one(s.channels, false);
  const WideSource source(x, wide, scratch), pixel_source(x, one, scratch);
  const WideGradient gradient(dx, wide, std::int64_t(s.images) * s.height * s.width, s.width, scratch);
  const Ring values(s, scratch), gradients(s, scratch);
  float **value_rows = scratch.take<float*>(s.kernel), **gradient_rows = scratch.take<float*>(s.kernel);
  float* row = scratch.zeros<float>(s.width * s.channels + kLanes);
  with_act(x.act, [&](auto act) {
    for (std::int64_t image = begin; image < end; ++image) {
      const std::int64_t pixel = image * s.height * s.width;
      int read = 0, passed = 0;
      const auto pass_until = [&](int h) {
        for (; passed < h; ++passed) {
          take_row(s, gradients.row(passed), row);
          pass_row(wide, pixel + passed * s.width, 1, s.width, row, source, act, gradient);
        }
      };
      for (int o = 0; o < s.out_height(); ++o) {
        const Window rows(s, o, s.height);
        pass_until(rows.begin);
        for (read = std::max(read, rows.begin); read < rows.end; ++read)
          read_row(one, pixel + read * s.width, s.width, pixel_source, act, values.row(read));
        for (int h = rows.begin; h < rows.end; ++h) {
          value_rows[h - rows.begin] = values.row(h);
          gradient_rows[h - rows.begin] = gradients.row(h);
        }
        const std::int64_t windows = (image * s.out_height() + o) * s.out_width();
        with_type(g.type(), [&]<class T>() {
          give_to_largest(s, rows.end - rows.begin, g.as<T>() + windows * g_stride, g_stride, value_rows,
                          gradient_rows);
        });
      }
      pass_until(s.height);
      gradient.flush(sums);
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(max_pool_images);
HWY_EXPORT(part_images);

void max_pool_forward(const MaxPool& shape, const Source& x, Values out, std::int64_t out_stride,
                      const ForEach& each) {
  over_images(shape, each, [&](std::int64_t begin, std::int64_t end, const auto& /*sums*/) {
    HWY_DYNAMIC_DISPATCH(max_pool_images)(begin, end, shape, x, out, out_stride);
  });
}

void max_pool_backward(const MaxPool& shape, ConstValues g, std::int64_t g_stride, const Source& x,
                       const GradientOut& dx, const ForEach& each) {
  over_images(
      shape, each,
      [&](std::int64_t begin, std::int64_t end, const auto& sums) {
        HWY_DYNAMIC_DISPATCH(part_images)(begin, end, shape, g, g_stride, x, dx, sums[0]);
      },
      dx);
}

}  // namespace ablate::kernels
#endif
