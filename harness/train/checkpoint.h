#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "harness/execute/safetensors.h"
#include "harness/train/training.h"

namespace ablate::training {

/// Everything that a training must remember, as one file's content: weights, what is trained along, every
/// ingredient's archive, the selected weights; progress, sums and finished epochs in the metadata, with a
/// digest over all of it.
TensorFile pack_state(const Training& training);

/// Puts a training where pack_state found it. Returns why it cannot (damage, another trajectory, an
/// ingredient that was not there); the training is as before then.
std::optional<std::string> unpack_state(const TensorFile& file, Training& training);

/// The two newest checkpoints of a folder.
class Checkpoints {
 public:
  static constexpr const char* kNewest = "checkpoint.safetensors";
  static constexpr const char* kPrevious = "checkpoint.previous.safetensors";

  /// `seconds`: at most so long between two checkpoints, 0: no limit.
  Checkpoints(std::filesystem::path folder, int seconds, Log& log);

  bool due() const;
  void save(const Training& training);
  /// Goes on from the newest checkpoint that can be used; one that is damaged is set aside. False: training
  /// starts anew.
  bool resume(Training& training);
  void remove() const;

 private:
  bool resume_from(const std::string& name, Training& training);

  std::filesystem::path folder_;
  std::chrono::seconds limit_;
  Log& log_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace ablate::training
