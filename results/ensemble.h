#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace ablate {

/// What a run's reported variant says of the test split, image by image.
struct Predictions {
  std::string variant;
  std::vector<std::int64_t> labels;  // [images]
  std::vector<float> probabilities;  // [images, classes]
};

/// Nothing where there is no such file. Throws Error, which names it, for one that is not as docs/formats.md
/// has it.
std::optional<Predictions> read_predictions(const std::filesystem::path& file);

/// Several runs that are asked together: the mean of their probabilities decides.
class Ensemble {
 public:
  /// Throws Error when the run was asked about other images than the first one.
  void add(const Predictions& run);
  int runs() const { return runs_; }
  /// Share of images at whose label the mean is largest, at the lower class of two equal ones; NaN of no
  /// runs.
  double top1() const;

 private:
  int runs_ = 0;
  std::vector<std::int64_t> labels_;
  std::vector<double> sums_;
};

}  // namespace ablate
