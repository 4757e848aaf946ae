// Compiled once an instruction set (see hwy/foreach_target.h).
#if defined(ABLATE_KERNELS_GEMM_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_GEMM_INL_H
#undef ABLATE_KERNELS_GEMM_INL_H
#else
#define ABLATE_KERNELS_GEMM_INL_H
#endif

#include "harness/kernels/factors-inl.h"
#include "harness/kernels/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels::HWY_NAMESPACE {

/// Products are made a register tile at a time: kRows rows by one to three vectors of columns, a panel. With
/// the panel's vectors and a broadcast value that fills the registers there are (32, or 16).
template <int kVectors>
inline constexpr int kRegisterRows = kLanes == 16 || kVectors == 1 ? 8 : 4;

/// Vectors of the next panel when `left` remain: 2 + 2 is better than 3 + 1.
constexpr int panel_vectors(int left) {
  return left == 4 ? 2 : std::min(left, 3);
}

/// Rows that are transformed, then multiplied, before the next: they stay in the first two caches. Of few
/// channels in pairs there are more: every tile reads and writes the sums of the weights' gradient, which two
/// pixels a product make a larger share of its time.
template <class F = float>
constexpr int tile_rows(int in, int out) {
  const int channels = round_up(in, 16) + round_up(out, 16);
  if (kNumbers < F >> 1 && channels <= 320) return 128;
  return channels <= 4096 ? 64 : 32;
}

/// The stride of a tile of so many columns: room for whole vectors and for broadcasting eight at a time, and
/// no rows a multiple of 512 bytes apart, which would share a few sets of the cache.
constexpr int tile_stride(int columns) {
  const int stride = round_up(std::max(columns, 1), 16);
  return stride % 128 == 0 ? stride + 16 : stride;
}

/// Calls use.operator()<vectors>(column) for every panel of so many columns.
template <class Use>
HWY_INLINE void for_panels(int columns, Use use) {
  const int vectors = (columns + kLanes - 1) / kLanes;
  for (int v = 0, width; v < vectors; v += width) {
    width = panel_vectors(vectors - v);
    if (width == 3)
      use.template operator()<3>(v * kLanes);
    else if (width == 2)
      use.template operator()<2>(v * kLanes);
    else
      use.template operator()<1>(v * kLanes);
  }
}

/// A matrix [depth, columns] of factors to multiply by, as panels after each other, each [depth, its
/// vectors].
template <class F>
struct Packed {
  const F* panels = nullptr;
  int depth = 0, columns = 0;

  const F* panel(int column) const { return panels + std::int64_t(column) * depth; }
  static std::int64_t size(int depth, int columns) { return std::int64_t(depth) * round_up(columns, kLanes); }
};

/// Fills `rows` rows of panels of so many columns, zero beyond, with the factors value(row, column). `to` is
/// the panels' memory, `depth` their rows, `first` the first row filled.
template <class F, class Value>
HWY_INLINE void pack(int first, int rows, int depth, int columns, F* to, const Value& value) {
  for_panels(columns, [&]<int kVectors>(int column) HWY_ATTR {
    constexpr int kWidth = kVectors * kLanes;
    const int width = std::min(kWidth, columns - column);
    F* panel = to + std::int64_t(column) * depth + std::int64_t(first) * kWidth;
    for (int r = 0; r < rows; ++r, panel += kWidth) {
      if (width == kWidth) {
        HWY_UNROLL(16)
        for (int j = 0; j < kWidth; ++j) panel[j] = value(r, column + j);
      } else {
        for (int j = 0; j < kWidth; ++j) panel[j] = j < width ? value(r, column + j) : F();
      }
    }
  });
}

/// The matrix m(row, column) = from[row * row_step + column * column_step].
HWY_INLINE void pack(const float* from, std::int64_t row_step, std::int64_t column_step, int first, int rows,
                     int depth, int columns, float* to) {
  pack(first, rows, depth, columns, to,
       [&](int r, int c) HWY_ATTR { return from[r * row_step + c * column_step]; });
}

template <int kRows, int kVectors>
struct RegisterTile {
  Vector at[kRows][kVectors];
};

/// sums += a [kRows, 1] * b [1, kVectors].
template <int kRows, int kVectors, class F>
HWY_INLINE void multiply_step(const F* HWY_RESTRICT a, std::int64_t a_stride, const F* HWY_RESTRICT b,
                              RegisterTile<kRows, kVectors>& sums) {
  Factors<F> of_b[kVectors];
  HWY_UNROLL(4)
  for (int j = 0; j < kVectors; ++j) of_b[j] = load_factors(b + j * kLanes);
  HWY_UNROLL(9)
  for (int i = 0; i < kRows; ++i) {
    const Factors<F> value = all_of(a[i * a_stride]);
    HWY_UNROLL(4)
    for (int j = 0; j < kVectors; ++j) sums.at[i][j] = multiply_add(value, of_b[j], sums.at[i][j]);
  }
}

/// A map [rows, columns] that is read soon: brought into the cache while others are multiplied, eight rows
/// during each register tile of the first panel, eight factors during each step (half a line: a step stays
/// small). All in bytes.
struct AheadMap {
  const std::byte* data = nullptr;  // null: nothing
  std::int64_t stride = 0;          // from row to row
  std::int64_t step = 0;  // to what is fetched next: of the next row or, where rows adjoin, just the next
  std::int64_t jump = 0;  // after eight steps, back to the first row

  template <class F>
  static AheadMap of(ConstValues data, std::int64_t stride, int columns) {
    const std::int64_t size = bytes_of(data.type()), part = 8 * kNumbers<F> * size, row = stride * size;
    if (stride == columns) return {data.bytes(), row, part, 0};
    return {data.bytes(), row, row, part - 8 * row};
  }
};
struct Ahead {
  AheadMap first, second;  // the second may be the first again
};

/// sums += a [kRows, depth] * panel [depth, kVectors].
template <int kRows, int kVectors, class F>
HWY_INLINE void multiply(int depth, const F* a, std::int64_t a_stride, const F* panel,
                         RegisterTile<kRows, kVectors>& sums) {
  HWY_UNROLL(2)
  for (int k = 0; k < depth; ++k) multiply_step(a + k, a_stride, panel + k * kVectors * kLanes, sums);
}

/// The same, while eight rows of two maps are fetched, from `row`.
template <int kRows, int kVectors, class F>
HWY_INLINE void multiply(int depth, const F* a, std::int64_t a_stride, const F* panel,
                         RegisterTile<kRows, kVectors>& sums, const Ahead& ahead, int row) {
  const std::byte* first = ahead.first.data + row * ahead.first.stride;
  const std::byte* second = ahead.second.data + row * ahead.second.stride;
  for (; depth >= 8; depth -= 8, first += ahead.first.jump, second += ahead.second.jump) {
    HWY_UNROLL(2)
    for (int l = 0; l < 8; ++l, ++a, panel += kVectors * kLanes) {
      hwy::Prefetch(first);
      hwy::Prefetch(second);
      first += ahead.first.step, second += ahead.second.step;
      multiply_step(a, a_stride, panel, sums);
    }
  }
  multiply(depth, a, a_stride, panel, sums);
}

/// What a product begins with: zero, or a sum over other columns of a. [rows, stride].
struct Begun {
  const float* sums = nullptr;
  std::int64_t stride = 0;
};

template <int kRows, int kVectors>
HWY_INLINE RegisterTile<kRows, kVectors> begin(const Begun& begun, int row, int column) {
  RegisterTile<kRows, kVectors> tile;
  const float* from = begun.sums ? begun.sums + row * begun.stride + column : nullptr;
  HWY_UNROLL(9)
  for (int i = 0; i < kRows; ++i) {
    HWY_UNROLL(4)
    for (int j = 0; j < kVectors; ++j) tile.at[i][j] = hn::Zero(Floats());
  }
  if (!from) return tile;
  HWY_UNROLL(9)
  for (int i = 0; i < kRows; ++i) {
    HWY_UNROLL(4)
    for (int j = 0; j < kVectors; ++j)
      tile.at[i][j] = hn::LoadU(Floats(), from + i * begun.stride + j * kLanes);
  }
  return tile;
}

/// Hands begun + a [rows, depth] * b to the epilogue: for each panel a Panel<kVectors>(epilogue, column)
/// takes the register tiles from top to bottom, take<kRows>(row, tile), and is asked to finish().
template <class F, class Epilogue>
HWY_INLINE void multiply_rows(int rows, const F* a, std::int64_t a_stride, const Packed<F>& b,
                              const Begun& begun, const Epilogue& epilogue, const Ahead& ahead = {}) {
  for_panels(b.columns, [&]<int kVectors>(int column) HWY_ATTR {
    constexpr int kRows = kRegisterRows<kVectors>;
    typename Epilogue::template Panel<kVectors> panel(epilogue, column);
    int row = 0;
    for (; row + kRows <= rows; row += kRows) {
      auto tile = begin<kRows, kVectors>(begun, row, column);
      if (column == 0 && ahead.first.data && row % 8 == 0)
        multiply(b.depth, a + row * a_stride, a_stride, b.panel(column), tile, ahead, row);
      else
        multiply(b.depth, a + row * a_stride, a_stride, b.panel(column), tile);
      panel.take(row, tile);
    }
    for (; row < rows; ++row) {
      auto tile = begin<1, kVectors>(begun, row, column);
      multiply(b.depth, a + row * a_stride, a_stride, b.panel(column), tile);
      panel.take(row, tile);
    }
    panel.finish();
  });
}

/// Rows of two maps of which a line is fetched during each block of a product, until their columns are
/// through.
struct AheadRows {
  ConstValues first, second;  // null: nothing; the second may be the first again
  std::int64_t first_stride = 0, second_stride = 0;
  int columns = 0;
};

/// tile += left^T [rows, kRows] * right [rows, kVectors], while the values from `column` of the rows ahead
/// are fetched.
template <int kRows, int kVectors, class F>
HWY_INLINE void multiply_block(int rows, const F* left, std::int64_t left_stride, const F* right,
                               std::int64_t right_stride, RegisterTile<kRows, kVectors>& tile,
                               const AheadRows& ahead, int column) {
  if (!ahead.first || column >= ahead.columns) {
    for (int r = 0; r < rows; ++r, left += left_stride, right += right_stride)
      multiply_step(left, 1, right, tile);
    return;
  }
  const std::byte *first = (ahead.first + column).bytes(), *second = (ahead.second + column).bytes();
  const std::int64_t size = bytes_of(ahead.first.type());
  for (int r = 0; r < rows; ++r, left += left_stride, right += right_stride) {
    hwy::Prefetch(first);
    hwy::Prefetch(second);
    first += ahead.first_stride * size, second += ahead.second_stride * size;
    multiply_step(left, 1, right, tile);
  }
}

/// A register tile of sums [kRows, stride] += left^T [rows, kRows] * right [rows, kVectors].
template <int kRows, int kVectors, class F>
HWY_INLINE void add_block(int rows, const F* left, std::int64_t left_stride, const F* right,
                          std::int64_t right_stride, float* sums, std::int64_t stride, const AheadRows& ahead,
                          int column) {
  auto tile = begin<kRows, kVectors>({sums, stride}, 0, 0);
  multiply_block(rows, left, left_stride, right, right_stride, tile, ahead, column);
  HWY_UNROLL(9)
  for (int t = 0; t < kRows; ++t) {
    HWY_UNROLL(4)
    for (int j = 0; j < kVectors; ++j) hn::StoreU(tile.at[t][j], Floats(), sums + t * stride + j * kLanes);
  }
}

/// sums [left columns, stride] += left^T [rows, left_stride] * right [rows, right_stride], both tiles (see
/// tile_stride); sums has whole eights of rows and whole vectors of columns. A last row alone would wait for
/// itself at each step, so it is taken with those before.
template <class F>
HWY_INLINE void multiply_columns(int rows, const F* left, int left_columns, int left_stride, const F* right,
                                 int right_columns, int right_stride, float* sums, int stride,
                                 const AheadRows& ahead) {
  int fetched = 0;
  for_panels(right_columns, [&]<int kVectors>(int column) HWY_ATTR {
    constexpr int kRows = kRegisterRows<kVectors>;
    const int whole = left_columns % kRows == 1 && left_columns > 1 ? left_columns - kRows - 1 : left_columns;
    int i = 0;
    for (; i < whole; i += kRows, fetched += 16)
      add_block<kRows, kVectors>(rows, left + i, left_stride, right + column, right_stride,
                                 sums + std::int64_t(i) * stride + column, stride, ahead, fetched);
    if (whole == left_columns) return;
    add_block<kRows + 1, kVectors>(rows, left + i, left_stride, right + column, right_stride,
                                   sums + std::int64_t(i) * stride + column, stride, ahead, fetched);
    fetched += 16;
  });
}

/// The products of two tiles of so many columns each, [columns, columns], of which only those above the
/// diagonal matter: sums [columns, stride] += left^T * right, of which every panel gets the rows down to its
/// own.
template <class F>
HWY_INLINE void multiply_upper_columns(int rows, const F* left, const F* right, int columns, int tile_stride,
                                       float* sums, int stride, const AheadRows& ahead) {
  int fetched = 0;
  for_panels(columns, [&]<int kVectors>(int column) HWY_ATTR {
    constexpr int kRows = kRegisterRows<kVectors>;
    const int last = std::min(columns, column + kVectors * kLanes);
    for (int i = 0; i < last; i += kRows, fetched += 16)
      add_block<kRows, kVectors>(rows, left + i, tile_stride, right + column, tile_stride,
                                 sums + std::int64_t(i) * stride + column, stride, ahead, fetched);
  });
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace ablate::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
