// Where finished outputs go. Compiled once an instruction set.
#if defined(ABLATE_KERNELS_FINISHED_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_FINISHED_ROWS_INL_H
#undef ABLATE_KERNELS_FINISHED_ROWS_INL_H
#else
#define ABLATE_KERNELS_FINISHED_ROWS_INL_H
#endif

#include "harness/kernels/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels::HWY_NAMESPACE {

/// The rows of a map from a tile's first on.
template <class T>
struct MapRows {
  T* y;
  std::int64_t stride;

  template <class L>
  HWY_INLINE void store(int row, int c, const L& lanes, Vector values) const {
    lanes.store(values, y + row * stride + c);
  }
};

/// Rows of a map in which the channels of another, which come first, and those that are stored take turns.
struct RowsInTurn {
  const float* first;  // both from a tile's first row on
  std::int64_t first_stride;
  float* y;
  std::int64_t stride;

  HWY_INLINE void store(int row, int c, AllLanes lanes, Vector second) const {
    hn::StoreInterleaved2(lanes.load(first + row * first_stride + c), second, Floats(),
                          y + row * stride + 2 * c);
  }
  HWY_INLINE void store(int row, int c, const Lanes& lanes, Vector second) const {
    HWY_ALIGN float both[2 * kLanes];
    hn::StoreInterleaved2(lanes.load(first + row * first_stride + c), second, Floats(), both);
    float* to = y + row * stride + 2 * c;
    const int count = 2 * lanes.count();
    Lanes(count).store(hn::Load(Floats(), both), to);
    if (count > kLanes) Lanes(count - kLanes).store(hn::Load(Floats(), both + kLanes), to + kLanes);
  }
};

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace ablate::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
