#include "harness/train/scores.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ablate::training {
namespace {

constexpr auto kNowhere = std::numeric_limits<std::int64_t>::max();

/// How many classes stand before `label`: larger logits, and equal ones of lower classes.
std::int64_t rank_of(std::span<const float> logits, std::size_t label) {
  std::int64_t rank = 0;
  for (std::size_t c = 0; c < logits.size(); ++c)
    if (logits[c] > logits[label] || (c < label && logits[c] == logits[label])) ++rank;
  return rank;
}

double share(double part, std::int64_t whole) {
  return whole == 0 ? std::numeric_limits<double>::quiet_NaN() : part / double(whole);
}

}  // namespace

void Scores::add(std::span<const float> logits, std::int64_t label) {
  const bool comparable = std::none_of(logits.begin(), logits.end(), [](float z) { return std::isnan(z); });
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float z : logits) sum += std::exp(z - largest);
  loss_ += std::log(sum) + largest - logits[label];
  const auto rank = comparable ? rank_of(logits, std::size_t(label)) : kNowhere;
  if (rank < 5) ++among_five_;
  count(rank == 0, 1 / sum);
}

void Scores::count(bool right, double confidence) {
  if (images_ % 8 == 0) correct_.push_back(0);
  if (right) correct_.back() |= std::uint8_t(1u << (images_ % 8));
  first_ += right;
  ++images_;
  // Bin m holds (m / 15, (m + 1) / 15]; what is not a number has no confidence, and falls to the first.
  const double position = std::ceil(confidence * kBins) - 1;
  Bin& bin = bins_[position > 0 ? std::size_t(std::min(position, kBins - 1.0)) : 0];
  ++bin.images;
  bin.right += right;
  bin.confidence += confidence;
}

double Scores::top1() const {
  return share(double(first_), images_);
}
double Scores::top5() const {
  return share(double(among_five_), images_);
}
double Scores::loss() const {
  return share(loss_, images_);
}

double Scores::calibration_error() const {
  double gap = 0;
  for (const auto& bin : bins_) gap += std::abs(bin.right - bin.confidence);
  return share(gap, images_);
}

}  // namespace ablate::training
