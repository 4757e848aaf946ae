// Several images worked on as one. Compiled once an instruction set.
#if defined(ABLATE_KERNELS_JOINT_IMAGES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ABLATE_KERNELS_JOINT_IMAGES_INL_H_
#undef ABLATE_KERNELS_JOINT_IMAGES_INL_H_
#else
#define ABLATE_KERNELS_JOINT_IMAGES_INL_H_
#endif

#include "harness/kernels/convolution.h"
#include "harness/kernels/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ablate::kernels {
namespace HWY_NAMESPACE {
namespace {

/// The last channels of two images in one vector.
struct Split {
  int first, count;     // lanes of the first image, and of both
  std::int64_t pixels;  // from one image to the next
};

/// Loads and stores such a vector of one map; lanes beyond its count are zero, and their memory untouched.
class SplitLanes {
 public:
  HWY_INLINE SplitLanes(const Split& split, std::int64_t stride)
      : first_(split.first), count_(split.count), jump_(split.pixels * stride - split.first) {}

  HWY_INLINE Vector load(const float* from) const {
#if HWY_CAP_GE256
    return hn::Or(hn::MaskedLoad(ahead(kFloats), kFloats, from),
                  hn::MaskedLoad(behind(kFloats), kFloats, from + jump_));
#else
    return copied(from);
#endif
  }
  HWY_INLINE Vector load(const BFloat16* from) const {
#if HWY_CAP_GE512
    return widened(hn::Or(hn::MaskedLoad(ahead(Halves()), Halves(), &from->bits),
                          hn::MaskedLoad(behind(Halves()), Halves(), &from[jump_].bits)));
#else
    return copied(from);
#endif
  }

  HWY_INLINE void store(Vector value, float* to) const {
#if HWY_CAP_GE256
    hn::BlendedStore(value, ahead(kFloats), kFloats, to);
    hn::BlendedStore(value, behind(kFloats), kFloats, to + jump_);
#else
    copy(value, to);
#endif
  }
  HWY_INLINE void store(Vector value, BFloat16* to) const {
#if HWY_CAP_GE512
    hn::BlendedStore(narrowed(value), ahead(Halves()), Halves(), &to->bits);
    hn::BlendedStore(narrowed(value), behind(Halves()), Halves(), &to[jump_].bits);
#else
    copy(value, to);
#endif
  }

 private:
  /// The same without masks of the CPU.
  template <class T>
  HWY_INLINE Vector copied(const T* from) const {
    HWY_ALIGN T lanes[kLanes] = {};
    std::copy_n(from, first_, lanes);
    std::copy_n(from + jump_ + first_, count_ - first_, lanes + first_);
    return HWY_NAMESPACE::load(lanes);
  }
  template <class T>
  HWY_INLINE void copy(Vector value, T* to) const {
    HWY_ALIGN T lanes[kLanes];
    HWY_NAMESPACE::store(value, lanes);
    std::copy_n(lanes, first_, to);
    std::copy_n(lanes + first_, count_ - first_, to + jump_ + first_);
  }

  template <class D>
  HWY_INLINE hn::Mask<D> ahead(D d) const {
    return hn::FirstN(d, std::size_t(first_));
  }
  template <class D>
  HWY_INLINE hn::Mask<D> behind(D d) const {
    return hn::AndNot(ahead(d), hn::FirstN(d, std::size_t(count_)));
  }

  int first_, count_;
  std::int64_t jump_;  // from where a lane of the first image is to where it would be in the second
};

HWY_INLINE SplitLanes in_map(const Split& split, std::int64_t stride) {
  return {split, stride};
}

/// The same lanes of R pixels.
template <int R, class T>
HWY_INLINE void load_pixels(const T* p, std::int64_t stride, const SplitLanes& lanes, Vector (&v)[R]) {
  HWY_UNROLL(8)
  for (int r = 0; r < R; ++r) v[r] = lanes.load(p + r * stride);
}
template <int R, class T>
HWY_INLINE void store_pixels(const Vector (&v)[R], T* p, std::int64_t stride, const SplitLanes& lanes) {
  HWY_UNROLL(8)
  for (int r = 0; r < R; ++r) lanes.store(v[r], p + r * stride);
}

/// Never past the caches.
template <int P, class T>
HWY_INLINE void store_block(const Vector (&v)[P], T* to, std::int64_t stride, const SplitLanes& lanes,
                            bool /*streamed*/) {
  store_pixels(v, to, stride, lanes);
}

/// Pairs of images that follow each other, each worked on as one image, where an image's channels fill at
/// most half of the lanes of their last vector: the vectors of a joint image are the whole ones of the first
/// image, those of the second, and what is left of both in one. A joint channel is a lane of these.
class JointImages {
 public:
  JointImages(int channels, std::int64_t images)
      : whole_(channels / kLanes * kLanes),
        rest_(channels - whole_),
        images_(0 < rest_ && 2 * rest_ <= kLanes && whole_ <= kMostWhole && images % 2 == 0 &&
                        images / 2 >= kLeast
                    ? 2
                    : 1) {}

  int images() const { return images_; }
  int channels() const { return whole_ + rest_; }  // of an image
  Depthwise shape(Depthwise s) const {
    s.images /= images_, s.channels *= images_;
    return s;
  }

  /// Where a vector begins: in which of the images, and at which of its channels.
  struct Place {
    int image, channel;
    int first, count;  // lanes of that image, and of both
    bool split() const { return first < count; }
  };
  HWY_INLINE Place place(int vector) const {
    const int from = vector * kLanes;
    if (from < whole_) return {0, from, kLanes, kLanes};
    if (from < images_ * whole_) return {1, from - whole_, kLanes, kLanes};
    return {0, whole_, rest_, images_ * rest_};
  }
  /// The lanes of a vector that begins there, of images of so many pixels.
  Split split(const Place& at, std::int64_t pixels) const { return {at.first, at.count, pixels}; }

  /// values [C, each] of an image as those of its joint channels, or null.
  template <class T>
  const T* repeated(Scratch& scratch, const T* values, int each = 1) const {
    if (!values || images_ == 1) return values;
    T* all = scratch.take<T>(std::int64_t(images_) * channels() * each);
    for (int i = 0; i < images_; ++i)
      for (int c = 0; c < channels(); ++c)
        std::copy_n(values + std::int64_t(c) * each, each, all + std::int64_t(joint_channel(i, c)) * each);
    return all;
  }
  Source source(Scratch& scratch, Source x) const {
    x.scale = repeated(scratch, x.scale), x.shift = repeated(scratch, x.shift);
    return x;
  }
  /// With sums of its own.
  GradientOut gradient(Scratch& scratch, GradientOut dx) const {
    if (!dx.sum || images_ == 1) return dx;
    dx.sum = scratch.zeros<double>(images_ * channels());
    dx.dot = scratch.zeros<double>(images_ * channels());
    dx.centre = repeated(scratch, dx.centre);
    return dx;
  }
  /// Adds these to those of dx.
  void add_sums(const GradientOut& joint, const GradientOut& dx) const {
    if (!dx.sum || images_ == 1) return;
    for (int c = 0; c < channels(); ++c) {
      dx.sum[c] += sum(c, [&](int of) { return joint.sum[of]; });
      dx.dot[c] += sum(c, [&](int of) { return joint.dot[of]; });
    }
  }

  /// The sum of value(joint channel) over a channel's.
  template <class Value>
  double sum(int c, const Value& value) const {
    double total = value(joint_channel(0, c));
    for (int i = 1; i < images_; ++i) total += value(joint_channel(i, c));
    return total;
  }

 private:
  static constexpr std::int64_t kLeast = 8;      // joint images: they are what threads share
  static constexpr int kMostWhole = 2 * kLanes;  // channels: with more of them there is less to gain

  int joint_channel(int image, int c) const {
    return c < whole_ ? image * whole_ + c : images_ * whole_ + image * rest_ + c - whole_;
  }

  int whole_, rest_, images_;  // channels of whole vectors and the others; of a joint image
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace ablate::kernels
HWY_AFTER_NAMESPACE();

#endif
