#pragma once

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/core/journal.h"
#include "harness/train/scores.h"
#include "harness/train/trainer.h"

namespace ablate::training {

/// Where an evaluation stands in a training.
struct Moment {
  int epoch = 0;            // from 1
  std::string selected_by;  // "last", "validation"
};

/// The journal of a trajectory's folder: one line an event, as docs/formats.md has them.
class Record {
 public:
  Record(const std::filesystem::path& folder, const Request& request);

  /// How an earlier attempt ended this very training (the same runs, done or diverged), if one did.
  std::optional<Outcome> earlier_end() const;
  /// `resumed_at`: {epoch, step} or null.
  void begin(const nlohmann::json& environment, const nlohmann::json& resumed_at);
  void facts(nlohmann::json facts);
  void epoch(const nlohmann::json& line);
  /// Writes again those of these lines that the journal lacks.
  void repair(const std::vector<nlohmann::json>& epochs);
  void evaluation(const Moment& moment, const std::string& split, const std::string& variant,
                  const std::vector<std::string>& runs, bool reported, const Scores& scores);
  void weights(const Moment& moment, const std::string& variant, const std::vector<std::string>& runs,
               bool reported, const std::string& file);
  void counters(const nlohmann::json& shared, const nlohmann::json& of_runs, const nlohmann::json& invalid);
  /// After an exception: begins if that has not happened yet.
  void fail(const nlohmann::json& environment, const std::string& message);
  /// `epoch` epochs and `step` steps of the next one are done.
  void end(const std::string& state, const std::string& message, int epoch, int step);

 private:
  void write(const std::string& type, nlohmann::json line);

  std::filesystem::path folder_;
  const Request& request_;
  std::vector<nlohmann::json> earlier_;
  Journal journal_;
  bool begun_ = false;
  std::chrono::steady_clock::time_point started_;
};

}  // namespace ablate::training
