#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/core/problems.h"

namespace ablate {

/// The fingerprint of the data a recipe names, when it can be had, and its number of classes.
struct DataIdentity {
  std::string fingerprint;  // "" while unknown: the key is pending
  std::optional<int> classes;
};

/// What `plan` must know of the world; tests hand in a table.
struct World {
  /// For an entry of the data catalogue with resolved settings (its path absolute).
  std::function<DataIdentity(const std::string& data, const nlohmann::json& settings)> data;
  /// SHA-256 of a weight file; "" when it cannot be read.
  std::function<std::string(const std::filesystem::path&)> weights_digest;
  /// The value of an environment variable, or nothing.
  std::function<std::optional<std::string>(const std::string&)> environment;
};

/// What the command line adds to a sweep file.
struct Overrides {
  std::optional<std::filesystem::path> base;
  std::vector<std::string> set;  // "path=value"
  bool must_exist = false;       // `run`: missing data or unset ${NAME} are errors, not warnings
};

/// A row of a table: one recipe of a design on one backbone.
struct Arm {
  int table = 0;
  std::string backbone;  // label
  std::string label;     // "reference", "mix=+ Mixup", "weights=1:1, temperature=2"
  std::vector<std::pair<std::string, std::string>>
      levels;  // factor -> label, only where it is not the reference
  bool reference = false;
  nlohmann::json recipe;  // resolved, every parameter present, neutral ingredients removed
  std::vector<std::uint64_t> seeds;
  std::vector<std::string> runs;  // keys, as seeds; "" while pending
  std::map<std::string, std::string>
      origins;  // path of what was given -> "file:line:column"; others: default
};

/// One panel.
struct Table {
  std::string title;
  std::string design;                                   // "one_at_a_time", "grid", ...
  std::string columns;                                  // factor to pivot on, or ""
  std::vector<std::string> factors;                     // those that vary in it
  std::vector<std::pair<std::string, std::string>> at;  // levels that it fixes: factor -> label
  std::vector<int> arms;                                // indices into Plan::arms
};

/// An arm with a seed, identified by content.
struct Run {
  std::string key;        // SHA-256 of the spec's canonical text
  nlohmann::json spec;    // {"recipe": hashed form, "seed": n, "versions": {...}}
  nlohmann::json recipe;  // resolved, for people and for the ledger's rows
  std::uint64_t seed = 1;
  std::string trajectory;  // key
  std::string teacher;     // the name in `teachers` when it is a teacher's run, else ""
};

/// A training, shared by runs that differ only in passive ingredients.
struct Trajectory {
  std::string key;
  nlohmann::json spec;                // without passive ingredients
  std::vector<std::string> runs;      // keys
  std::vector<std::string> teachers;  // run keys that must be finished first
  std::uint64_t seed = 1;
  // where things lie, for the request
  std::string data_name;         // entry of the data catalogue
  nlohmann::json data_settings;  // resolved, with its path
  std::string init;              // path of train.init, or ""
  int threads = 1;               // train.threads of its first run; in the spec only if it changes bits
  /// Canonical text of a teacher reference in the spec -> the file and network of one that is no run.
  std::map<std::string, nlohmann::json> file_teachers;  // {"path":, "backbone":, "size":, "mean":, "std":}
};

/// A sweep worked out: everything that is to be trained, before any compute.
struct Plan {
  std::string name, title, digest;  // digest: SHA-256 of the sweep as given and its overrides
  std::string keep = "last";
  nlohmann::json sweep;  // as given, for the store
  std::vector<Table> tables;
  std::vector<Arm> arms;
  std::map<std::string, Run> runs;       // by key, teachers included
  std::vector<Trajectory> trajectories;  // in the order of scheduling: teachers first, then seed by seed
  std::vector<std::string> notes;        // what collapsed, what is reused within the sweep, too few seeds
  bool pending = false;                  // some keys could not be computed
  std::size_t pending_runs = 0;  // how many, and of how many trajectories; none of them is in the lists above
  std::size_t pending_trajectories = 0;

  const Trajectory* trajectory(const std::string& key) const;
};

/// Reads and works out a sweep. All mistakes go to `problems`; nothing is returned when there was an error.
std::optional<Plan> make_plan(const std::filesystem::path& file, const Overrides& overrides,
                              const World& world, Problems& problems);

/// Checks a sweep or a recipe file (told apart by the keys it has) without needing its data.
void validate_file(const std::filesystem::path& file, const Overrides& overrides, const World& world,
                   Problems& problems);

/// JSON Schema (2020-12) of sweeps, from the catalogues.
nlohmann::json sweep_schema();

/// A plan as stored under sweeps/<name>/<digest>.json, and back (tables, arms, keys; no trajectories).
nlohmann::json to_json(const Plan& plan);
Plan plan_from(const nlohmann::json& json);

}  // namespace ablate
