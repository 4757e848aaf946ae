// Compiled once an instruction set (see hwy/foreach_target.h).
#if defined(ABLATE_KERNELS_EPILOGUES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_EPILOGUES_INL_H
#undef ABLATE_KERNELS_EPILOGUES_INL_H
#else
#define ABLATE_KERNELS_EPILOGUES_INL_H
#endif

#include "harness/kernels/gemm-inl.h"
#include "harness/kernels/lines_ahead-inl.h"

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

/// Stores the rows of an output, finished. Rows: where they go.
template <class Rows, Act kAct>
struct StoreFinished {
  Rows rows;
  int columns;
  Finish finish;

  template <int kVectors>
  struct Panel {
    HWY_INLINE Panel(const StoreFinished& all_, int column_)
        : all(all_), column(column_), last(all_.columns - column_ - (kVectors - 1) * kLanes) {}

    template <int kRows>
    HWY_INLINE void take(int row, const RegisterTile<kRows, kVectors>& tile) {
      HWY_UNROLL(4)
      for (int j = 0; j < kVectors; ++j) {
        Vector values[kRows];
        HWY_UNROLL(8)
        for (int i = 0; i < kRows; ++i) values[i] = tile.at[i][j];
        if (j < kVectors - 1 || last.all())
          put(row, column + j * kLanes, AllLanes(), values);
        else
          put(row, column + j * kLanes, last, values);
      }
    }

    template <int kRows, class L>
    HWY_INLINE void put(int row, int c, const L& lanes, const Vector (&values)[kRows]) {
      const Vector scale = lanes.load(all.finish.scale + c), shift = lanes.load(all.finish.shift + c);
      HWY_UNROLL(8)
      for (int i = 0; i < kRows; ++i)
        all.rows.store(row + i, c, lanes, activated<kAct>(hn::MulAdd(values[i], scale, shift)));
    }

    HWY_INLINE void finish() {}

    const StoreFinished& all;
    int column;
    Lanes last;
  };
};

/// The pixels of a tile's rows, after each other.
struct Adjoining {
  std::int64_t first;

  HWY_INLINE std::int64_t at(int row) const { return first + row; }
};
/// The pixels of a tile's rows, wherever they are.
struct Listed {
  const std::int64_t* pixels;

  HWY_INLINE std::int64_t at(int row) const { return pixels[row]; }
};

/// Where the product of a tile of d goes. x, dx: the whole maps.
template <class Pixels>
struct GradientTile {
  const Source& x;
  const GradientOut& dx;
  Pixels pixels;
  float *sum, *dot;  // [channels] in whole vectors, of the tile; null: not wanted
  int ahead;         // rows to one of x and dx that is asked for meanwhile; 0: none
};

/// Masks the gradient of what a reader saw, adds the base, stores it and sums it. x and dx are of type T.
/// kStream: past the caches; otherwise lines of dx are asked for, too, as they must be in a cache to be
/// written in part.
template <class T, Act kAct, bool kStream, class Pixels>
struct StoreGradient {
  StoreGradient(const GradientTile<Pixels>& tile, int columns_)
      : x(tile.x.data.template as<T>()),
        base(tile.dx.base ? tile.dx.base.template as<T>() : nullptr),
        dx(tile.dx.data ? tile.dx.data.template as<T>() : nullptr),
        x_stride(tile.x.stride),
        base_stride(tile.dx.base_stride),
        dx_stride(tile.dx.stride),
        ahead(tile.ahead),
        scale(tile.x.scale),
        shift(tile.x.shift),
        centre(tile.dx.centre),
        sum(tile.sum),
        dot(tile.dot),
        pixels(tile.pixels),
        columns(columns_) {}

  const T *x, *base;
  T* dx;
  std::int64_t x_stride, base_stride, dx_stride;
  int ahead;
  const float *scale, *shift, *centre;
  float *sum, *dot;
  Pixels pixels;
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
        Vector part[kRows];
        HWY_UNROLL(8)
        for (int i = 0; i < kRows; ++i) part[i] = tile.at[i][j];
        if (j < kVectors - 1 || last.all())
          take(row, column + j * kLanes, AllLanes(), part);
        else
          take(row, column + j * kLanes, last, part);
      }
    }

    template <int kRows, class L>
    HWY_INLINE void take(int row, int c, const L& lanes, Vector (&part)[kRows]) {
      if (all.sum)
        pass<true>(row, c, lanes, part);
      else if (kAct != Act::None)
        pass<false>(row, c, lanes, part);
      if (!all.dx) return;
      if (all.base) {
        HWY_UNROLL(8)
        for (int i = 0; i < kRows; ++i)
          part[i] = hn::Add(part[i], lanes.load(all.base + all.pixels.at(row + i) * all.base_stride + c));
      }
      HWY_UNROLL(8)
      for (int i = 0; i < kRows; ++i) {
        T* to = all.dx + all.pixels.at(row + i) * all.dx_stride + c;
        if constexpr (kStream) {
          stream(part[i], to);
        } else {
          ask_for<Level::Second>(to + all.ahead * all.dx_stride);
          lanes.store(part[i], to);
        }
      }
    }

    /// Masks and sums.
    template <bool kSums, int kRows, class L>
    HWY_INLINE void pass(int row, int c, const L& lanes, Vector (&part)[kRows]) {
      const Vector zero = hn::Zero(Floats());
      Vector scale = zero, shift = zero, centre = zero;
      Vector sum[2] = {zero, zero}, dot[2] = {zero, zero};  // two chains are quicker than one
      if constexpr (kAct != Act::None) scale = lanes.load(all.scale + c), shift = lanes.load(all.shift + c);
      if constexpr (kSums) centre = lanes.load(all.centre + c);
      HWY_UNROLL(8)
      for (int i = 0; i < kRows; ++i) {
        const T* from = all.x + all.pixels.at(row + i) * all.x_stride + c;
        ask_for<Level::Second>(from + all.ahead * all.x_stride);
        const Vector value = lanes.load(from);
        part[i] = masked<kAct>(part[i], hn::MulAdd(value, scale, shift));
        if constexpr (!kSums) continue;
        sum[i % 2] = hn::Add(sum[i % 2], part[i]);
        dot[i % 2] = hn::MulAdd(part[i], hn::Sub(value, centre), dot[i % 2]);
      }
      if constexpr (!kSums) return;
      add_to(all.sum + c, hn::Add(sum[0], sum[1]));
      add_to(all.dot + c, hn::Add(dot[0], dot[1]));
    }

    HWY_INLINE static void add_to(float* total, Vector v) {
      hn::StoreU(hn::Add(hn::LoadU(Floats(), total), v), Floats(), total);
    }

    HWY_INLINE void finish() {}

    const StoreGradient& all;
    int column;
    Lanes last;
  };
};

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace ablate::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
