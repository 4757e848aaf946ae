#pragma once

#include <algorithm>

namespace ablate::kernels {

/// Positions first, first + 1, ... along one side of a map.
struct Positions {
  int first, count;
};

/// The height or the width of the input of a depthwise convolution of stride 1, its positions in classes:
/// those of a class are seen by the same taps. So many positions as the margin, at least half the kernel, are
/// classes of their own at either end; the rest are one.
class Side {
 public:
  Side(int length, int kernel, int margin)
      : length_(length),
        kernel_(kernel),
        head_(std::min(margin, length)),
        tail_(std::max(head_, length - margin)),
        middle_(std::min(1, tail_ - head_)) {}

  int classes() const { return head_ + middle_ + length_ - tail_; }
  int class_of(int position) const {
    if (position < head_) return position;
    if (position < tail_) return head_;
    return head_ + middle_ + position - tail_;
  }
  Positions of_class(int c) const {
    if (c < head_) return {c, 1};
    if (c >= head_ + middle_) return {tail_ + c - head_ - middle_, 1};
    return {c, tail_ - c};
  }

  /// Whether some output's tap is at the positions of a class.
  bool sees(int tap, int c) const {
    const int from = of_class(c).first - tap + kernel_ / 2;
    return from >= 0 && from < length_;
  }
  /// Whether the position `apart` from one of a class lies within the side; apart: less than the margin, or
  /// equal to it.
  bool within(int c, int apart) const {
    const int position = of_class(c).first + apart;
    return position >= 0 && position < length_;
  }
  /// Outputs both of whose taps lie within the side.
  int outputs(int tap, int other) const {
    int count = 0;
    for (int from = 0; from < length_; ++from) {
      const int a = from + tap - kernel_ / 2, b = from + other - kernel_ / 2;
      count += a >= 0 && a < length_ && b >= 0 && b < length_;
    }
    return count;
  }

 private:
  int length_, kernel_, head_, tail_, middle_;
};

}  // namespace ablate::kernels
