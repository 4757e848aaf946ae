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

/// A pixel's values as the reader of a Source sees them, a vector of channels at a time.
template <class T, Act kAct, bool kAffine>
struct SourcePixel {
  const T* HWY_RESTRICT value;
  const float *HWY_RESTRICT scale, *HWY_RESTRICT shift;

  HWY_INLINE Vector at(int c, const Lanes& lanes) const {
    const Vector v = lanes.load(value + c);
    if constexpr (!kAffine) return activated<kAct>(v);
    return activated<kAct>(hn::MulAdd(v, lanes.load(scale + c), lanes.load(shift + c)));
  }
};

template <class T, Act kAct, bool kAffine>
struct SourceReader {
  const Source& x;

  HWY_INLINE SourcePixel<T, kAct, kAffine> pixel(std::int64_t r) const {
    return {x.data.as<T>() + r * x.stride, x.scale, x.shift};
  }
};

/// A map less a value a channel, as read.
struct CentredSource {
  const Source& x;
  const float* centre;  // [C]
};

template <class Pixel>
struct CentredPixel {
  Pixel pixel;
  const float* HWY_RESTRICT centre;

  HWY_INLINE Vector at(int c, const Lanes& lanes) const {
    return hn::Sub(pixel.at(c, lanes), lanes.load(centre + c));
  }
};

template <class Reader>
struct CentredReader {
  Reader reader;
  const float* centre;

  HWY_INLINE auto pixel(std::int64_t r) const {
    return CentredPixel<decltype(reader.pixel(r))>{reader.pixel(r), centre};
  }
};

/// A pixel of the gradient d, likewise.
template <class T, bool kNormalized>
struct GradientPixel {
  const T *HWY_RESTRICT dz, *HWY_RESTRICT y;
  const float *HWY_RESTRICT c1, *HWY_RESTRICT c2, *HWY_RESTRICT c3;

  HWY_INLINE Vector at(int c, const Lanes& lanes) const {
    const Vector v = lanes.load(dz + c);
    if constexpr (!kNormalized) return v;
    return hn::MulAdd(v, lanes.load(c1 + c),
                      hn::MulAdd(lanes.load(y + c), lanes.load(c2 + c), lanes.load(c3 + c)));
  }
};

template <class T, bool kNormalized>
struct GradientReader {
  const GradientIn& d;

  HWY_INLINE GradientPixel<T, kNormalized> pixel(std::int64_t r) const {
    const T* y = kNormalized ? d.y.as<T>() + r * d.y_stride : nullptr;
    return {d.dz.as<T>() + r * d.stride, y, d.c1, d.c2, d.c3};
  }
};

/// Copies the values of kPixels pixels from `first` on, to rows `stride` apart: what is the same for all of
/// them is loaded once. Whole vectors are written: up to kLanes - 1 floats beyond the last value become zero.
template <int kPixels, bool kRounded, class Reader>
HWY_INLINE void read_pixels(const Reader& reader, std::int64_t first, const Span& span,
                            float* HWY_RESTRICT to, std::int64_t stride) {
  const auto part = [&](int c, const Lanes& lanes) HWY_ATTR {
    Vector value[kPixels];
    HWY_UNROLL(4)
    for (int i = 0; i < kPixels; ++i) value[i] = reader.pixel(first + i).at(c, lanes);
    HWY_UNROLL(4)
    for (int i = 0; i < kPixels; ++i)
      hn::StoreU(kRounded ? rounded(value[i]) : value[i], Floats(), to + i * stride + c);
  };
  int c = 0;
  for (; c < span.whole; c += kLanes) part(c, Lanes(kLanes));
  if (span.rest) part(c, span.last);
}

template <class Reader>
HWY_INLINE void read_pixel(const Reader& reader, std::int64_t pixel, const Span& span,
                           float* HWY_RESTRICT to) {
  read_pixels<1, false>(reader, pixel, span, to, 0);
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
HWY_INLINE void with_reader(const CentredSource& x, Use use) {
  with_reader(x.x, [&](auto reader) HWY_ATTR { use(CentredReader<decltype(reader)>{reader, x.centre}); });
}

template <class Use>
HWY_INLINE void with_reader(const GradientIn& d, Use use) {
  with_type(d.dz.type(), [&]<class T>() HWY_ATTR { with_reader_of<T>(d, use); });
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace ablate::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
