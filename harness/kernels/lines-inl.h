// Convolutions that read their windows where they lie: in lines of the image, padded. Compiled once an
// instruction set.
#if defined(ABLATE_KERNELS_LINES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_LINES_INL_H
#undef ABLATE_KERNELS_LINES_INL_H
#else
#define ABLATE_KERNELS_LINES_INL_H
#endif

#include "harness/kernels/convolution.h"
#include "harness/kernels/gemm-inl.h"
#include "harness/kernels/readers-inl.h"
#include "harness/kernels/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels::HWY_NAMESPACE {

/// The windows of a row of outputs begin a stride apart in each of the lines that they have, so a line of a
/// window is a row of a matrix that lies there already. Pays where a row of outputs is whole register tiles
/// and the lines stay in the first cache.
HWY_INLINE bool lie_in_lines(const Dense& shape) {
  constexpr int kMostBytes = 32 << 10;
  const int floats = (shape.width + 2 * shape.pad_width) * shape.in;
  return shape.out_width() > 0 && shape.out_width() % kRegisterRows<1> == 0 &&
         shape.kernel_height * floats * int(sizeof(float)) <= kMostBytes;
}

/// The lines of an image that a row of windows has, as a reader of x sees them, zero beyond the border.
class Lines {
 public:
  Lines(Scratch& scratch, const Dense& shape, const Source& x)
      : shape_(shape),
        x_(x),
        pitch_(round_up((shape.width + 2 * shape.pad_width) * shape.in + kLanes, 16)),
        ring_(scratch.floats(std::int64_t(shape.kernel_height + 1) * pitch_)),
        beyond_(ring_ + std::int64_t(shape.kernel_height) * pitch_),
        lines_(scratch.take<const float*>(shape.kernel_height)) {
    std::fill_n(ring_, std::int64_t(shape.kernel_height + 1) * pitch_, 0.0f);
  }

  /// [kernel height]: the lines of the windows of a row of outputs, counted through all images, each from its
  /// left padding on. Rows of an image are asked for in their order.
  const float* const* of(std::int64_t row) {
    const std::int64_t image = row / shape_.out_height();
    const int i = static_cast<int>(row % shape_.out_height());
    const int first = i * shape_.stride - shape_.pad_height, end = first + shape_.kernel_height;
    if (image != image_) image_ = image, next_ = 0;
    for (next_ = std::max(next_, first); next_ < std::min(end, shape_.height); ++next_) read(next_);
    for (int k = 0; k < shape_.kernel_height; ++k)
      lines_[k] = first + k < 0 || first + k >= shape_.height ? beyond_ : slot(first + k);
    return lines_;
  }

 private:
  float* slot(int line) const { return ring_ + std::int64_t(line % shape_.kernel_height) * pitch_; }

  void read(int line) const {
    float* to = slot(line) + shape_.pad_width * shape_.in;
    const std::int64_t first = (image_ * shape_.height + line) * shape_.width;
    const bool adjoining = !x_.scale && x_.stride == shape_.in;
    const int pixels = adjoining ? 1 : shape_.width,
              floats = adjoining ? shape_.width * shape_.in : shape_.in;
    with_reader(x_, [&](auto reader) HWY_ATTR {
      const Span span(floats);
      for (int p = 0; p < pixels; ++p) read_pixel(reader, first + p, span, to + p * floats);
    });
  }

  const Dense& shape_;
  const Source& x_;
  int pitch_;
  float *ring_, *beyond_;
  const float** lines_;
  std::int64_t image_ = -1;
  int next_ = 0;
};

/// Hands the products of `rows` windows to the epilogue, like multiply_rows: window r begins r * a_stride
/// further on in each of the lines, of which it has `depth` values; b [lines * depth, columns].
template <class Epilogue>
HWY_INLINE void multiply_lines(int rows, const float* const* lines, int count, int depth, int a_stride,
                               const Packed<float>& b, const Epilogue& epilogue) {
  for_panels(b.columns, [&]<int kVectors>(int column) HWY_ATTR {
    constexpr int kRows = kRegisterRows<kVectors>;
    typename Epilogue::template Panel<kVectors> panel(epilogue, column);
    for (int row = 0; row < rows; row += kRows) {
      auto tile = begin<kRows, kVectors>({}, row, column);
      const float* from = b.panel(column);
      for (int l = 0; l < count; ++l, from += std::int64_t(depth) * kVectors * kLanes)
        multiply(depth, lines[l] + std::int64_t(row) * a_stride, a_stride, from, tile);
      panel.take(row, tile);
    }
    panel.finish();
  });
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace ablate::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
