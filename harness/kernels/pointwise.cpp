#include <new>

#include "harness/kernels/convolution.h"
#include "harness/kernels/isa.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/kernels/pointwise.cpp"
#include <hwy/foreach_target.h>
//
#include "harness/kernels/finished_rows-inl.h"
#include "harness/kernels/packing-inl.h"
#include "harness/kernels/sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels::HWY_NAMESPACE {
namespace {

/// T: the type of y. Tile: that of x, as it is multiplied.
template <class T, class Tile>
struct PointwiseForward {
  using F = typename Tile::Factor;
  const Pointwise& shape;
  const Source& x;
  T* y;
  std::int64_t y_stride;
  Packed<F> w;
  bool stream;
  Finish finish;
  Turns turns;

  void chunk(std::int64_t begin, std::int64_t end, int tile, bool with_moments, double* mean,
             double* squares) const {
    Scratch scratch;
    const bool as_it_lies = Tile::as_they_lie(x, shape.in);
    Tile read(scratch, as_it_lies ? 0 : tile, shape.in, Sums());
    const auto moments = tile_moments(scratch, shape.out, with_moments);
    PartialMoments sums{0, shape.out, mean, squares};
    for (std::int64_t row = begin; row < end; row += tile) {
      const int rows = static_cast<int>(std::min<std::int64_t>(tile, end - row));
      if (!as_it_lies) read.load(x, row, rows);
      const F* factors =
          as_it_lies ? reinterpret_cast<const F*>((x.data + row * x.stride).bytes()) : read.over_channels();
      const std::int64_t stride = as_it_lies ? x.stride / kNumbers<F> : read.channels_stride();
      const Ahead next = row + 2 * tile <= end ? ahead(row + tile) : Ahead();
      if (finish.scale)
        finished(row, rows, factors, stride, next);
      else
        multiply_to_output(rows, factors, stride, w, {}, y + row * y_stride, y_stride, moments, stream, next);
      if (with_moments) merge_tile(moments, rows, sums);
    }
    if (stream) hwy::FlushStream();
  }

  void finished(std::int64_t row, int rows, const F* factors, std::int64_t stride, const Ahead& next) const {
    if constexpr (std::is_same_v<T, float>)
      if (turns.first)
        return multiply_to_finished(
            rows, factors, stride, w,
            RowsInTurn{turns.first + row * turns.stride, turns.stride, y + row * y_stride, y_stride}, finish,
            next);
    multiply_to_finished(rows, factors, stride, w, MapRows<T>{y + row * y_stride, y_stride}, finish, next);
  }

  Ahead ahead(std::int64_t row) const {
    const auto next = AheadMap::of<F>(x.data + row * x.stride, x.stride, shape.in);
    return {next, next};
  }
};

template <class T, class Tile>
void forward(const Pointwise& shape, const Source& x, const Packed<typename Tile::Factor>& w, T* y,
             std::int64_t y_stride, const Moments& moments, const ForEach& each, const Finish& finish,
             const Turns& turns) {
  Scratch scratch;
  const bool with_moments = moments.mean != nullptr;
  const PointwiseForward<T, Tile> work{
      shape, x, y, y_stride, w, streams(y, y_stride, shape.rows, shape.out), finish, turns};
  const int tile = tile_rows<typename Tile::Factor>(shape.in, shape.out);
  const auto chunks = cut(shape.rows, tile, tile);
  ChunkPairs parts(scratch, chunks.count, with_moments ? shape.out : 0);
  each(chunks.count, [&](std::int64_t i) {
    work.chunk(chunks.begin(i), chunks.end(i), tile, with_moments, parts.first(i), parts.second(i));
  });
  if (with_moments) parts.merge_into(moments, chunks);
}

/// T: the type of x. Tile: those of d and x, as they are multiplied.
template <class T, class Tile>
struct PointwiseBackward {
  using F = typename Tile::Factor;
  const Pointwise& shape;
  const GradientIn& d;
  const Source& x;
  const GradientOut& dx;
  Packed<F> w;
  const float* centre;  // of x; may be null
  WeightSums weights;
  bool with_dx, stream;

  void chunk(std::int64_t begin, std::int64_t end, int tile, float* weight_sums, double* sum,
             double* dot) const {
    Scratch scratch;
    const bool with_dw = weight_sums != nullptr;
    Tile d_tile(scratch, tile, shape.out, {.over_channels = with_dx, .over_pixels = with_dw}, d.repeats);
    Tile x_tile(scratch, with_dw ? tile : 0, shape.in, {.over_channels = false, .over_pixels = true});
    const GradientSums sums(scratch, shape.in, dx.sum != nullptr);
    if (with_dw) std::fill_n(weight_sums, weights.floats(), 0.0f);
    for (std::int64_t row = begin; row < end; row += tile) {
      const int rows = static_cast<int>(std::min<std::int64_t>(tile, end - row));
      const bool more = row + 2 * tile <= end;
      d_tile.load(d, row, rows);
      if (with_dw) {
        load_input(x_tile, row, rows);
        weights.add_rows(Tile::steps(rows), d_tile.over_pixels(), d_tile.pixels_stride(),
                         x_tile.over_pixels(), x_tile.pixels_stride(), weight_sums,
                         more && shares_fetching() ? rows_ahead(row + tile) : AheadRows());
      }
      if (!with_dx) continue;
      const GradientTile<Adjoining> to{x, dx, {row}, sums.sum, sums.dot, more ? tile : 0};
      multiply_to_gradient<T>(rows, d_tile.over_channels(), d_tile.channels_stride(), w, {}, to, stream,
                              more ? ahead(row + tile) : Ahead());
      sums.add_to(shape.in, sum, dot);
    }
    if (stream) hwy::FlushStream();
  }

  HWY_INLINE void load_input(Tile& tile, std::int64_t row, int rows) const {
    if (centre)
      tile.load(CentredSource{x, centre}, row, rows);
    else
      tile.load(x, row, rows);
  }

  /// Both products fetch one of the two maps that d is made of, so that memory is asked at an even rate.
  bool shares_fetching() const { return with_dx && d.c1 && d.repeats == 1 && kNumbers<F> == 1; }
  AheadRows rows_ahead(std::int64_t row) const {
    const auto dz = d.dz + row * d.stride;
    return {dz, dz, d.stride, d.stride, shape.out};
  }
  Ahead ahead(std::int64_t row) const {
    const auto dz = AheadMap::of<F>(d.dz + row * d.stride, d.stride, shape.out / d.repeats);
    if (!d.c1) return {dz, dz};
    const auto y = AheadMap::of<F>(d.y + row * d.y_stride, d.y_stride, shape.out);
    return {shares_fetching() ? y : dz, y};
  }
};

template <class T, class Tile>
void backward(const Pointwise& shape, const GradientIn& d, const Source& x, const float* w,
              const GradientOut& dx, float* dw, const ForEach& each, const float* centre) {
  using F = typename Tile::Factor;
  Scratch scratch;
  const WeightSums weights(shape.out, shape.in);
  const bool with_dx = dx.data || dx.sum;
  Packed<F> packed;
  if (with_dx)
    packed =
        packed_rows<Tile>(w, shape.out, shape.in, scratch.take<F>(packed_size<Tile>(shape.out, shape.in)));
  const int tile = tile_rows<F>(shape.in, shape.out);
  const auto chunks = cut_for_weights(shape.rows, tile, dw ? weights.floats() : 0);
  float* weight_sums = dw ? scratch.floats(chunks.count * weights.floats()) : nullptr;
  ChunkPairs parts(scratch, chunks.count, dx.sum ? shape.in : 0);
  const bool stream = streams(dx, shape.rows, shape.in);
  const PointwiseBackward<T, Tile> work{shape, d, x, dx, packed, centre, weights, with_dx, stream};
  each(chunks.count, [&](std::int64_t i) {
    work.chunk(chunks.begin(i), chunks.end(i), tile, dw ? weight_sums + i * weights.floats() : nullptr,
               parts.first(i), parts.second(i));
  });
  if (dw) weights.write(weight_sums, chunks.count, weights.floats(), dw, shape.in);
  if (dx.sum) parts.add_to(dx.sum, dx.dot);
}

/// Calls use.operator()<T, Tile>() for a forward pass from maps of one type to maps of the other, T.
template <class Use>
void with_forward(Type x, Type y, const Use& use) {
  if (y == Type::Float32)
    use.template operator()<float, FloatTile<false>>();
  else if (x == Type::Float32)
    use.template operator()<BFloat16, FloatTile<false>>();
  else
    use.template operator()<BFloat16, HalfTile>();
}

std::int64_t packed_bytes(const Pointwise& shape, Type x, Type y) {
  std::int64_t bytes = 0;
  with_forward(x, y, [&]<class T, class Tile>() {
    bytes = packed_size<Tile>(shape.in, shape.out) * std::int64_t(sizeof(typename Tile::Factor));
  });
  return bytes;
}

void pack_pointwise(const Pointwise& shape, const float* w, Type x, Type y, std::byte* to) {
  with_forward(x, y, [&]<class T, class Tile>() {
    packed_columns<Tile>(w, shape.in, shape.out, reinterpret_cast<typename Tile::Factor*>(to));
  });
}

/// w: packed.
void forward_pointwise(const Pointwise& shape, const Source& x, const std::byte* w, Values y,
                       std::int64_t y_stride, const Moments& moments, const ForEach& each,
                       const Finish& finish, const Turns& turns) {
  with_forward(x.data.type(), y.type(), [&]<class T, class Tile>() {
    using F = typename Tile::Factor;
    const Packed<F> packed{reinterpret_cast<const F*>(w), (shape.in + kNumbers<F> - 1) / kNumbers<F>,
                           shape.out};
    forward<T, Tile>(shape, x, packed, y.as<T>(), y_stride, moments, each, finish, turns);
  });
}

void backward_pointwise(const Pointwise& shape, const GradientIn& d, const Source& x, const float* w,
                        const GradientOut& dx, float* dw, const ForEach& each, const float* centre) {
  if (x.data.type() == Type::Float32)
    backward<float, FloatTile<false>>(shape, d, x, w, dx, dw, each, centre);
  else if (d.dz.type() == Type::Float32)
    backward<BFloat16, FloatTile<false>>(shape, d, x, w, dx, dw, each, centre);
  else
    backward<BFloat16, HalfTile>(shape, d, x, w, dx, dw, each, centre);
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace ablate::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ablate::kernels {

HWY_EXPORT(packed_bytes);
HWY_EXPORT(pack_pointwise);
HWY_EXPORT(forward_pointwise);
HWY_EXPORT(backward_pointwise);

PackedWeights::PackedWeights(const Pointwise& shape, const float* w, Type x, Type y) {
  instruction_set();
  bytes_ = hwy::AllocateAligned<std::byte>(std::size_t(HWY_DYNAMIC_DISPATCH(packed_bytes)(shape, x, y)));
  if (!bytes_) throw std::bad_alloc();
  HWY_DYNAMIC_DISPATCH(pack_pointwise)(shape, w, x, y, bytes_.get());
}

void pointwise_forward(const Pointwise& shape, const Source& x, const float* w, Values y,
                       std::int64_t y_stride, const Moments& moments, const ForEach& each) {
  instruction_set();
  const Type from = x.data.type(), to = y.type();
  Scratch scratch;
  auto* packed = scratch.take<std::byte>(HWY_DYNAMIC_DISPATCH(packed_bytes)(shape, from, to));
  HWY_DYNAMIC_DISPATCH(pack_pointwise)(shape, w, from, to, packed);
  HWY_DYNAMIC_DISPATCH(forward_pointwise)(shape, x, packed, y, y_stride, moments, each, {}, {});
}

void pointwise_forward(const Pointwise& shape, const Source& x, const PackedWeights& w, Values y,
                       std::int64_t y_stride, const Moments& moments, const ForEach& each,
                       const Finish& finish, const Turns& turns) {
  HWY_DYNAMIC_DISPATCH(forward_pointwise)(shape, x, w.data(), y, y_stride, moments, each, finish, turns);
}

void pointwise_backward(const Pointwise& shape, const GradientIn& d, const Source& x, const float* w,
                        const GradientOut& dx, float* dw, const ForEach& each, const float* centre) {
  instruction_set();
  HWY_DYNAMIC_DISPATCH(backward_pointwise)(shape, d, x, w, dx, dw, each, centre);
}

}  // namespace ablate::kernels
#endif
