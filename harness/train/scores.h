#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace ablate::training {

/// How well logits match labels, gathered row by row in double precision.
class Scores {
 public:
  /// One image. The prediction is the largest logit, the lower class of two equal ones; a row with NaN is
  /// wrong.
  void add(std::span<const float> logits, std::int64_t label);

  std::int64_t images() const { return images_; }
  double top1() const;  // shares of 0..1; NaN of no images
  double top5() const;
  /// Mean cross-entropy.
  double loss() const;
  /// Expected calibration error over 15 equal-width bins of the largest probability (Guo et al. 2017, eq. 3).
  double calibration_error() const;
  /// One bit an image, whether top-1 is right, lowest bit first.
  const std::vector<std::uint8_t>& correct() const { return correct_; }

 private:
  struct Bin {
    std::int64_t images = 0;
    double right = 0, confidence = 0;
  };
  static constexpr int kBins = 15;

  void count(bool right, double confidence);

  std::int64_t images_ = 0, first_ = 0, among_five_ = 0;
  double loss_ = 0;
  std::array<Bin, kBins> bins_{};
  std::vector<std::uint8_t> correct_;
};

}  // namespace ablate::training
