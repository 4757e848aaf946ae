// Which rows of which images the moments of taps are summed over at a time. Compiled once an instruction set.
#if defined(ABLATE_KERNELS_ROW_CLASSES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_ROW_CLASSES_INL_H_
#undef ABLATE_KERNELS_ROW_CLASSES_INL_H_
#else
#define ABLATE_KERNELS_ROW_CLASSES_INL_H_
#endif

#include <span>

#include "harness/kernels/sides.h"
#include "harness/kernels/taps-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// Rows of one class, image by image: they, and those below them, in rings of which x's places are known.
struct RowClass {
  int kernel_rows;     // all below are zero
  std::int64_t cells;  // where the cells begin that their sums go to
  const ProductRow* rows;
  int count;  // of each image
};

/// What is worked on at a time, a unit: some rows of an image or, where images are small, some whole ones, a
/// stack: they lie after each other, as if they were one. Every unit adds to all cells of its rows' classes.
struct StackUnits {
  explicit StackUnits(const Depthwise& shape)
      : s(shape),
        rows(rows_of_a_unit(s.width, s.height)),
        images(rows < s.height ? 1 : std::clamp(kSmallImage / (s.height * s.width), 1, s.images)) {}

  /// Units of a stack; stacks of so many images.
  int count() const { return (s.height + rows - 1) / rows; }
  std::int64_t stacks(std::int64_t of) const { return (of + images - 1) / images; }
  /// Of a stack, the last of which may have fewer.
  int images_of(std::int64_t stack) const {
    return int(std::min<std::int64_t>(images, s.images - stack * images));
  }
  /// A stack as one image.
  Depthwise shape() const {
    auto stack = s;
    stack.height *= images;
    return stack;
  }
  /// Rows of a stack that the first so many units see.
  int inputs(std::int64_t stack, int units) const {
    return images > 1 ? images_of(stack) * s.height : std::min(s.height, units * rows + s.kernel_height - 1);
  }
  /// Rows that a ring holds.
  int held() const { return images > 1 ? images * s.height : rows + s.kernel_height - 1; }

  Depthwise s;
  int rows, images;
};

/// The rows of each unit of a stack in classes.
struct RowClasses {
  /// cells: how far those of two classes are apart. row(image, h): as it is in the ring.
  template <class Row>
  RowClasses(Scratch& scratch, const StackUnits& units, const Side& side, std::int64_t cells, const Row& row)
      : classes(scratch.take<RowClass>(units.s.height)), first(scratch.take<int>(units.count() + 1)) {
    const auto& s = units.s;
    auto* rows = scratch.take<ProductRow>(std::int64_t(units.images) * s.height);
    int count = 0;
    for (int u = 0; u < units.count(); ++u) {
      first[u] = count;
      const int begin = u * units.rows, end = std::min(s.height, begin + units.rows);
      for (int c = 0; c < side.classes(); ++c) {
        RowClass one{.kernel_rows = 0, .cells = c * cells, .rows = rows, .count = 0};
        for (int image = 0; image < units.images; ++image)
          for (int h = begin; h < end; ++h) {
            if (side.class_of(h) != c) continue;
            one.kernel_rows = std::max(one.kernel_rows, std::min(s.kernel_height, s.height - h));
            one.count += image == 0;
            *rows++ = row(image, h);
          }
        if (one.count > 0) classes[count++] = one;
      }
    }
    first[units.count()] = count;
  }

  std::span<const RowClass> of(int unit) const { return {classes + first[unit], classes + first[unit + 1]}; }

  RowClass* classes;
  int* first;  // [units + 1], of each unit in the classes
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#endif
