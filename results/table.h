#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "results/ledger.h"

namespace ablate {

enum class Format { Text, Markdown, Csv, Json };

struct TableOptions {
  std::string sweep;      // name, or digest; "" when the store holds one
  nlohmann::json layout;  // a sweep file's plan as of now (laid out anew), or null: the newest one stored
  Format format = Format::Text;
  std::string variant;               // "" : the reported one
  std::string selected_by = "last";  // or "validation"
  std::string metric = "top1";       // or top5, loss, ece
  std::string split = "test";        // or one that is spoiled: "test@gaussian_noise.3"
  std::vector<std::string> further;  // columns besides: corruptions, fgsm, pgd, ensemble
  std::filesystem::path runs;        // the store's trajectories: an ensemble reads predictions there
  bool times = true;  // seconds an epoch, the one column that differs between stores with equal results
  bool color = false;
};

/// The comparison table of a sweep: stable bytes for equal ledgers. Throws Error when the sweep is unknown or
/// ambiguous, or when rows differ in what the design does not vary.
std::string comparison_table(Ledger& ledger, const TableOptions& options);

}  // namespace ablate
