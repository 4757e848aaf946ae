#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "results/ledger.h"

namespace ablate::synthetic {

using Json = nlohmann::json;

/// A folder of its own, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// The spec of every run of that seed.
Json spec(int seed);

/// The lines that a worker writes, made by hand.
struct Journal {
  std::string trajectory;
  std::vector<std::string> runs;
  std::vector<Json> lines;
  int seed = 1;

  Journal& begin(int attempt, Json resumed_at = nullptr, Json environment = {{"cpu", "A"}});
  Journal& facts();
  Journal& epoch(int epoch, Json metrics, Json run_metrics = Json::object());
  /// At the last epoch, on the test split.
  Journal& evaluation(const std::string& variant, std::vector<std::string> of, double top1,
                      bool reported = true, Json more = Json::object());
  Journal& counters(Json counters, Json run_counters = Json::object(), Json invalid = Json::object());
  Journal& end(const std::string& state, const std::string& message = "");
};

/// The journal of a trajectory with one run of the same name that finished with that share of right answers.
Journal finished(const std::string& run, int seed, double top1);

/// A stored plan, built arm by arm; runs are their own trajectories.
struct Plan {
  Json json;

  explicit Plan(const std::string& name, const std::string& title = "");
  Plan& table(const std::string& title, Json factors, const std::string& columns = "");
  /// An arm of the last table; its runs are called `<run>-<seed>`.
  Plan& arm(const std::string& backbone, const std::string& label, Json levels, Json recipe,
            const std::string& run, std::vector<int> seeds);
  Plan& teacher(const std::string& name, const std::string& run);
};

/// Writes a line for each object.
void write_lines(const std::filesystem::path& path, const std::vector<Json>& lines);

/// The only value of a query.
Json value(Ledger& ledger, const std::string& sql);

}  // namespace ablate::synthetic
