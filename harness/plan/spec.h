#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "harness/plan/resolve.h"

namespace ablate {

/// What the world says of a recipe: everything that a spec holds in place of paths and names.
struct Identities {
  std::string fingerprint;  // of the data; "" while unknown
  std::string init;         // SHA-256 of train.init; "" while unknown, or when there is none
  std::map<std::string, nlohmann::json> teachers;  // name -> reference
  std::map<std::string, int> versions;             // of what a teacher's reference uses
  bool pending = false;                            // something of the above is not known yet
};

/// A spec with its key.
struct Keyed {
  nlohmann::json spec;
  std::string key;
};

/// Settings as they are hashed: defaults left out, teachers by reference, nested ingredients likewise.
nlohmann::json hashed_ingredient(const IngredientEntry& entry, const nlohmann::json& settings,
                                 const std::map<std::string, nlohmann::json>& teachers);

/// The spec of a run. Keys of specs with unknown parts start with '?', and are equal for equal knowledge.
Keyed run_spec(const ResolvedRecipe& resolved, const Identities& identities, std::uint64_t seed);

/// The same without passive ingredients, but for those that something which trains reads.
Keyed trajectory_spec(const ResolvedRecipe& resolved, const Identities& identities, std::uint64_t seed);

/// The recipe for people and for the ledger: teachers by reference, without parameters that say where.
nlohmann::json shown_recipe(const ResolvedRecipe& resolved, const Identities& identities);

}  // namespace ablate
