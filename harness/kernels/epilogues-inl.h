// Compiled once an instruction set (see hwy/foreach_target.h).
#if defined(ABLATE_KERNELS_EPILOGUES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_EPILOGUES_INL_H
#undef ABLATE_KERNELS_EPILOGUES_INL_H
#else
#define ABLATE_KERNELS_EPILOGUES_INL_H
#endif

#include "harness/kernels/gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels::HWY_NAMESPACE {

/// Keeps a product that is not complete: sums [rows, stride], whole vectors of columns.
struct KeepSums {
  float* sums;
  std::int64_t stride;

  template <int kVectors>
  struct Panel {
    HWY_INLINE Panel(const KeepSums& all, int column) : sums(all.sums + column), stride(all.stride) {}

    template <int kRows>
    HWY_INLINE void take(int row, const RegisterTile<kRows, kVectors>& tile) {
      HWY_UNROLL(8)
      for (int i = 0; i < kRows; ++i) {
        HWY_UNROLL(4)
        for (int j = 0; j < kVectors; ++j)
          hn::StoreU(tile.at[i][j], Floats(), sums + (row + i) * stride + j * kLanes);
      }
    }
    HWY_INLINE void finish() {}

    float* sums;
    std::int64_t stride;
  };
};

/// Sums over a tile's rows of the output less its first row, and of the squares of that. [columns] each, in
/// whole vectors.
struct TileMoments {
  float *first = nullptr, *sum = nullptr, *squares = nullptr;  // null: not wanted
};

/// Stores the rows of an output and takes their moments. kStream: past the caches, whole aligned vectors.
template <class T, bool kStream>
struct StoreRows {
  T* y;  // the tile's first row
  std::int64_t stride;
  int columns;
  TileMoments moments;

  template <int kVectors>
  struct Panel {
    HWY_INLINE Panel(const StoreRows& all_, int column_)
        : all(all_), column(column_), last(all_.columns - column_ - (kVectors - 1) * kLanes) {
      HWY_UNROLL(4)
      for (int j = 0; j < kVectors; ++j) first[j] = sum[j] = squares[j] = hn::Zero(Floats());
    }

    template <int kRows>
    HWY_INLINE void take(int row, const RegisterTile<kRows, kVectors>& tile) {
      HWY_UNROLL(8)
      for (int i = 0; i < kRows; ++i) store(all.y + (row + i) * all.stride + column, tile.at[i]);
      if (!all.moments.first) return;
      HWY_UNROLL(4)
      for (int j = 0; j < kVectors; ++j) {
        if (row == 0) first[j] = tile.at[0][j];
        Vector odd = hn::Zero(Floats()), odd_squares = odd;  // two chains are quicker than one
        HWY_UNROLL(8)
        for (int i = 0; i < kRows; ++i) {
          const Vector apart = hn::Sub(tile.at[i][j], first[j]);
          Vector &to = i % 2 ? odd : sum[j], &to_squares = i % 2 ? odd_squares : squares[j];
          to = hn::Add(to, apart);
          to_squares = hn::MulAdd(apart, apart, to_squares);
        }
        if (kRows == 1) continue;
        sum[j] = hn::Add(sum[j], odd);
        squares[j] = hn::Add(squares[j], odd_squares);
      }
    }

    HWY_INLINE void store(T* to, const Vector (&values)[kVectors]) {
      HWY_UNROLL(4)
      for (int j = 0; j < kVectors; ++j) {
        if constexpr (kStream)
          stream(values[j], to + j * kLanes);
        else if (j < kVectors - 1)
          HWY_NAMESPACE::store(values[j], to + j * kLanes);
        else
          last.store(values[j], to + j * kLanes);
      }
    }

    HWY_INLINE void finish() {
      if (!all.moments.first) return;
      HWY_UNROLL(4)
      for (int j = 0; j < kVectors; ++j) {
        hn::StoreU(first[j], Floats(), all.moments.first + column + j * kLanes);
        hn::StoreU(sum[j], Floats(), all.moments.sum + column + j * kLanes);
        hn::StoreU(squares[j], Floats(), all.moments.squares + column + j * kLanes);
      }
    }

    const StoreRows& all;
    int column;
    Lanes last;
    Vector first[kVectors], sum[kVectors], squares[kVectors];
  };
};

/// Where the product of a tile of d goes. x, dx: the whole maps.
struct GradientTile {
  const Source& x;
  const GradientOut& dx;
  const std::int64_t* pixels;  // [rows of the tile]: where in the maps
  float *sum, *dot;            // [channels] in whole vectors, of the tile; null: not wanted
  std::int64_t ahead;          // values from a row of x to one that is fetched into the cache; 0: none
};

/// Masks the gradient of what a reader saw, adds the base, stores it and sums it. x and dx are of type T.
template <class T, Act kAct, bool kStream>
struct StoreGradient : GradientTile {
  StoreGradient(const GradientTile& tile, int columns_) : GradientTile(tile), columns(columns_) {}

  int columns;

  /// Its sums are in memory: while tiles are multiplied there are no registers for them.
  template <int kVectors>
  struct Panel {
    HWY_INLINE Panel(const StoreGradient& all_, int column_)
        : all(all_), column(column_), last(all_.columns - column_ - (kVectors - 1) * kLanes) {
      if (!all.sum) return;
      HWY_UNROLL(4)
      for (int j = 0; j < kVectors; ++j) {
        hn::StoreU(hn::Zero(Floats()), Floats(), all.sum + column + j * kLanes);
        hn::StoreU(hn::Zero(Floats()), Floats(), all.dot + column + j * kLanes);
      }
    }

    template <int kRows>
    HWY_INLINE void take(int row, const RegisterTile<kRows, kVectors>& tile) {
      HWY_UNROLL(4)
      for (int j = 0; j < kVectors; ++j) {
        Vector parts[kRows];
        HWY_UNROLL(8)
        for (int i = 0; i < kRows; ++i) parts[i] = tile.at[i][j];
        take(row, column + j * kLanes, lanes(j), parts);
      }
    }

    template <int kRows>
    HWY_INLINE void take(int row, int c, const Lanes& lanes, Vector (&part)[kRows]) {
      Vector scale = hn::Zero(Floats()), shift = scale, centre = scale, sum = scale, dot = scale;
      if constexpr (kAct != Act::None)
        scale = lanes.load(all.x.scale + c), shift = lanes.load(all.x.shift + c);
      if (all.sum) {
        centre = lanes.load(all.dx.centre + c);
        sum = hn::LoadU(Floats(), all.sum + c), dot = hn::LoadU(Floats(), all.dot + c);
      }
      HWY_UNROLL(8)
      for (int i = 0; i < kRows; ++i) {
        const T* from = all.x.data.template as<T>() + all.pixels[row + i] * all.x.stride + c;
        Vector value = hn::Zero(Floats());
        if (all.ahead) hwy::Prefetch(from + all.ahead);
        if (kAct != Act::None || all.sum) value = lanes.load(from);
        part[i] = masked<kAct>(part[i], hn::MulAdd(value, scale, shift));
        if (!all.sum) continue;
        sum = hn::Add(sum, part[i]);
        dot = hn::MulAdd(part[i], hn::Sub(value, centre), dot);
      }
      if (all.sum) {
        hn::StoreU(sum, Floats(), all.sum + c);
        hn::StoreU(dot, Floats(), all.dot + c);
      }
      if (all.dx.data) put(row, c, lanes, part);
    }

    template <int kRows>
    HWY_INLINE void put(int row, int c, const Lanes& lanes, Vector (&part)[kRows]) {
      HWY_UNROLL(8)
      for (int i = 0; i < kRows; ++i) {
        const std::int64_t pixel = all.pixels[row + i];
        if (all.dx.base)
          part[i] =
              hn::Add(part[i], lanes.load(all.dx.base.template as<T>() + pixel * all.dx.base_stride + c));
        T* to = all.dx.data.template as<T>() + pixel * all.dx.stride + c;
        if constexpr (kStream)
          stream(part[i], to);
        else
          lanes.store(part[i], to);
      }
    }

    HWY_INLINE void finish() {}

    HWY_INLINE Lanes lanes(int j) const { return j < kVectors - 1 ? Lanes(kLanes) : last; }

    const StoreGradient& all;
    int column;
    Lanes last;
  };
};

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace ablate::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
