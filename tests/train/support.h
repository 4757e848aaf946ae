#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/train/trainer.h"

namespace ablate::test {

/// A folder of its own with a few drawn pictures of 16 pixels and a teacher's weights; gone with the object.
class Workshop {
 public:
  Workshop();
  ~Workshop();
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;

  /// ResNet-8 with sgd, crop and flip, two epochs of four steps of eight images.
  nlohmann::json recipe() const;
  /// The same, distilled from the teacher.
  nlohmann::json distilled() const;
  /// A trajectory with one run, whose passive ingredients are `average`.
  Request request(const nlohmann::json& recipe, const nlohmann::json& average = nullptr) const;
  /// One more run of the request's trajectory.
  void add_run(Request& request, const nlohmann::json& average) const;

  /// A new, empty folder.
  std::filesystem::path folder(const std::string& name) const;
  std::filesystem::path root() const { return root_; }

 private:
  std::filesystem::path root_, pack_;
  nlohmann::json data_, teacher_;
};

/// Trains without being asked to stop.
Outcome train_in(const std::filesystem::path& folder, const Request& request,
                 const std::vector<IngredientEntry>& catalogue = ingredient_catalogue());
/// Trains so many steps, is interrupted, and so on; at last to the end.
Outcome train_interrupted(const std::filesystem::path& folder, Request request,
                          const std::vector<int>& steps);

/// The journal's lines of a type.
std::vector<nlohmann::json> lines_of(const std::filesystem::path& folder, const std::string& type);
/// What must be equal between two trainings of one trajectory: epochs without times, evaluations, counters,
/// weights with the digests of their files. The last line of each thing counts, as for any reader.
nlohmann::json facts_that_repeat(const std::filesystem::path& folder);
std::string log_of(const std::filesystem::path& folder);

}  // namespace ablate::test
