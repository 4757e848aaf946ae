#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "results/ledger.h"

namespace ablate {

/// How a sweep's tables are laid out, and which runs its arms are: the part of a stored plan that tables
/// need.
struct Layout {
  struct Arm {
    std::string backbone, label;
    std::vector<std::pair<std::string, std::string>> levels;  // in the order of the table's factors
    bool reference = false;
    nlohmann::json recipe;
    std::vector<std::pair<std::int64_t, std::string>> runs;  // seed and key, "" while pending
  };
  struct Table {
    std::string title, design, columns;
    std::vector<std::string> factors;
    std::vector<Arm> arms;  // references first
  };
  struct Teacher {
    std::string name, run;  // no run: its weights were given
  };

  std::string name, title, digest;
  nlohmann::json given;  // the sweep as written
  std::vector<Table> tables;
  std::vector<Teacher> teachers;

  /// Every key once.
  std::vector<std::string> keys() const;
};

/// From a stored plan. Throws Error when it is not one.
Layout layout_of(const nlohmann::json& plan);

/// The newest one that the ledger holds under a name, or the one of that digest; "" is the only sweep there
/// is. Throws Error when there is none, or more than one.
Layout stored_layout(Ledger& ledger, const std::string& sweep);

}  // namespace ablate
