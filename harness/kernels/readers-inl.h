// Compiled once an instruction set (see hwy/foreach_target.h).
#if defined(ABLATE_KERNELS_READERS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_READERS_INL_H
#undef ABLATE_KERNELS_READERS_INL_H
#else
#define ABLATE_KERNELS_READERS_INL_H
#endif

#include "harness/kernels/factors-inl.h"
#include "harness/kernels/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels::HWY_NAMESPACE {

/// So many values, as whole vectors and what is left.
struct Span {
  explicit HWY_INLINE Span(int count) : whole(count / kLanes * kLanes), rest(count - whole), last(rest) {}
  int whole, rest;
  Lanes last;
};

/// Values of a Source as its reader sees them.
template <class T, Act kAct, bool kAffine>
struct SourceReader {
  const Source& x;

  HWY_INLINE Vector at(std::int64_t pixel, int c, const Lanes& lanes) const {
    const Vector value = lanes.load(x.data.as<T>() + pixel * x.stride + c);
    if constexpr (!kAffine) return activated<kAct>(value);
    return activated<kAct>(hn::MulAdd(value, lanes.load(x.scale + c), lanes.load(x.shift + c)));
  }
};

/// The same for the gradient d.
template <class T, bool kNormalized>
struct GradientReader {
  const GradientIn& d;

  HWY_INLINE Vector at(std::int64_t pixel, int c, const Lanes& lanes) const {
    const Vector dz = lanes.load(d.dz.as<T>() + pixel * d.stride + c);
    if constexpr (!kNormalized) return dz;
    const Vector y = lanes.load(d.y.as<T>() + pixel * d.y_stride + c);
    return hn::MulAdd(dz, lanes.load(d.c1 + c), hn::MulAdd(y, lanes.load(d.c2 + c), lanes.load(d.c3 + c)));
  }
};

/// Copies a pixel's values. Whole vectors are written: up to kLanes - 1 floats beyond the last value become
/// zero.
template <bool kRounded = false, class Reader>
HWY_INLINE void read_pixel(const Reader& reader, std::int64_t pixel, const Span& span,
                           float* HWY_RESTRICT to) {
  const auto put = [&](int c, const Lanes& lanes) HWY_ATTR {
    const Vector value = reader.at(pixel, c, lanes);
    hn::StoreU(kRounded ? rounded(value) : value, Floats(), to + c);
  };
  int c = 0;
  for (; c < span.whole; c += kLanes) put(c, Lanes(kLanes));
  if (span.rest) put(c, span.last);
}

/// Calls use(reader) with the reader that fits.
template <class T, class Use>
HWY_INLINE void with_reader_of(const Source& x, Use use) {
  if (!x.scale) return use(SourceReader<T, Act::None, false>{x});
  switch (x.act) {
    case Act::Relu:
      return use(SourceReader<T, Act::Relu, true>{x});
    case Act::Relu6:
      return use(SourceReader<T, Act::Relu6, true>{x});
    default:
      return use(SourceReader<T, Act::None, true>{x});
  }
}

template <class T, class Use>
HWY_INLINE void with_reader_of(const GradientIn& d, Use use) {
  if (d.c1) return use(GradientReader<T, true>{d});
  use(GradientReader<T, false>{d});
}

template <class Use>
HWY_INLINE void with_reader(const Source& x, Use use) {
  with_type(x.data.type(), [&]<class T>() HWY_ATTR { with_reader_of<T>(x, use); });
}

template <class Use>
HWY_INLINE void with_reader(const GradientIn& d, Use use) {
  with_type(d.dz.type(), [&]<class T>() HWY_ATTR { with_reader_of<T>(d, use); });
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace ablate::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
