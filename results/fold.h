#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace ablate {

/// A trajectory's journal, read to the end: what the ledger holds of its runs.
struct Folded {
  struct Run {
    nlohmann::json spec;
    std::string outcome;                 // a status
    std::optional<std::string> invalid;  // why
    std::optional<std::string> message;
  };
  struct Attempt {
    std::string started;
    std::optional<std::string> ended, host, message;
    std::optional<double> seconds;
    std::optional<std::int64_t> peak_bytes, pid;
    nlohmann::json environment;
    std::string state;
    std::vector<std::string> runs;
  };
  struct Evaluation {
    bool reported = false;
    std::int64_t images = 0;
    double top1 = 0, top5 = 0, loss = 0, ece = 0;  // NaN where the journal has none
    std::optional<std::string> correct;            // one bit an image
  };
  struct Cost {
    std::optional<std::int64_t> parameters, macs, bytes;
  };
  struct Timing {
    double seconds = 0;
    std::optional<std::int64_t> images;
    std::optional<double> library_seconds;
  };

  std::map<std::string, Run> runs;  // by key, as all that follows
  std::map<std::int64_t, Attempt> attempts;
  std::map<std::tuple<std::string, std::int64_t, std::string>, double> metrics;  // run, epoch, name
  /// Run, epoch, selected by, split, variant.
  std::map<std::tuple<std::string, std::int64_t, std::string, std::string, std::string>, Evaluation>
      evaluations;
  std::map<std::pair<std::string, std::string>, double> counters;  // run, name
  std::map<std::pair<std::string, std::string>, Cost> costs;       // run, form
  std::map<std::pair<std::string, std::int64_t>, Timing> timings;  // run, epoch
};

/// Reads the lines in order, later ones replacing earlier ones of the same (type, epoch, name). What the
/// journal says of the trajectory holds for every run it names. An attempt without `end` crashed, unless it
/// is the last one and `running`. Throws Error, which names trajectory and line, where a line lacks what its
/// type must have.
Folded fold_journal(const std::string& trajectory, const std::vector<nlohmann::json>& journal, bool running);

}  // namespace ablate
