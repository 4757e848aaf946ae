// Compiled once an instruction set (see hwy/foreach_target.h).
#if defined(ABLATE_KERNELS_READERS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_READERS_INL_H
#undef ABLATE_KERNELS_READERS_INL_H
#else
#define ABLATE_KERNELS_READERS_INL_H
#endif

#include "harness/kernels/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels::HWY_NAMESPACE {

/// So many values, as whole vectors and what is left.
struct Span {
  explicit HWY_INLINE Span(int count) : whole(count / kLanes * kLanes), rest(count - whole), last(rest) {}
  int whole, rest;
  Lanes last;
};

/// Copies values of a Source as its reader sees them. Whole vectors are written: up to kLanes - 1 floats
/// beyond the last value become zero.
template <Act kAct, bool kAffine>
struct SourceReader {
  const Source& x;

  HWY_INLINE void operator()(std::int64_t pixel, const Span& span, float* HWY_RESTRICT to) const {
    const float* HWY_RESTRICT from = x.data + pixel * x.stride;
    int c = 0;
    for (; c < span.whole; c += kLanes) hn::StoreU(read(from, c, Lanes(kLanes)), Floats(), to + c);
    if (span.rest) hn::StoreU(read(from, c, span.last), Floats(), to + c);
  }

  HWY_INLINE Vector read(const float* from, int c, const Lanes& lanes) const {
    const Vector value = lanes.load(from + c);
    if constexpr (!kAffine) return activated<kAct>(value);
    return activated<kAct>(hn::MulAdd(value, lanes.load(x.scale + c), lanes.load(x.shift + c)));
  }
};

/// The same for the gradient d.
template <bool kNormalized>
struct GradientReader {
  const GradientIn& d;

  HWY_INLINE void operator()(std::int64_t pixel, const Span& span, float* HWY_RESTRICT to) const {
    int c = 0;
    for (; c < span.whole; c += kLanes) hn::StoreU(read(pixel, c, Lanes(kLanes)), Floats(), to + c);
    if (span.rest) hn::StoreU(read(pixel, c, span.last), Floats(), to + c);
  }

  HWY_INLINE Vector read(std::int64_t pixel, int c, const Lanes& lanes) const {
    const Vector dz = lanes.load(d.dz + pixel * d.stride + c);
    if constexpr (!kNormalized) return dz;
    const Vector y = lanes.load(d.y + pixel * d.y_stride + c);
    return hn::MulAdd(dz, lanes.load(d.c1 + c), hn::MulAdd(y, lanes.load(d.c2 + c), lanes.load(d.c3 + c)));
  }
};

/// Calls use(reader) with the reader that fits.
template <class Use>
HWY_INLINE void with_reader(const Source& x, Use use) {
  if (!x.scale) return use(SourceReader<Act::None, false>{x});
  switch (x.act) {
    case Act::Relu:
      return use(SourceReader<Act::Relu, true>{x});
    case Act::Relu6:
      return use(SourceReader<Act::Relu6, true>{x});
    default:
      return use(SourceReader<Act::None, true>{x});
  }
}

template <class Use>
HWY_INLINE void with_reader(const GradientIn& d, Use use) {
  if (d.c1) return use(GradientReader<true>{d});
  use(GradientReader<false>{d});
}

/// Rows `first` and following of a map into a tile [rows, stride].
template <class Map>
HWY_NOINLINE void load_rows(const Map& map, std::int64_t first, int rows, int channels, float* tile,
                            int stride) {
  with_reader(map, [&](auto reader) HWY_ATTR {
    const Span span(channels);
    for (int r = 0; r < rows; ++r) reader(first + r, span, tile + std::int64_t(r) * stride);
  });
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace ablate::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
