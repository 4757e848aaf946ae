#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/core/params.h"

namespace ablate {

/// The version of what the trainer computes; in every key.
inline constexpr int kTrainerVersion = 2;

/// `train` of a recipe: what the trainer itself needs to know.
struct TrainSettings {
  int epochs = 30;
  int batch = 128;
  bool drop_last = true;          // leave out the last, smaller batch of an epoch
  std::optional<PathValue> init;  // weight file to start from; in a spec its SHA-256 stands instead
  std::string executor = "fused";
  std::string precision = "float32";
  std::string device = "cpu";
  int threads = 1;

  /// Threads of LibTorch's operations. They change bits, those of own kernels do not, so with the fused
  /// executor LibTorch has one, whatever `threads` says.
  int libtorch_threads() const { return executor == "fused" ? 1 : threads; }
};

/// `evaluate` of a recipe.
struct EvaluateSettings {
  int every = 1;  // epochs between two passes over the validation split; the last epoch always has one
  int batch = 250;
  bool flip = false;  // in the end, evaluate the mean over each image and its mirror image too
  /// In the end, evaluate on corrupted images too, at each of these severities.
  std::vector<std::string> corruptions;
  std::vector<int> severities{1, 2, 3, 4, 5};
  /// In the end, evaluate under attack too, within so many 255ths of the pixel range.
  std::optional<double> fgsm, pgd;
  int pgd_steps = 10;
  std::optional<double> pgd_step;  // also in 255ths
  bool predictions = false;        // in the end, keep what the reported variant says of the test split

  /// Names without "all", each once, in the order of the catalogue.
  std::vector<std::string> corruption_list() const;
};

const Fields<TrainSettings>& train_fields();
const Fields<EvaluateSettings>& evaluate_fields();

}  // namespace ablate
