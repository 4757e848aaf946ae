#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backbones/catalogue.h"
#include "harness/core/problems.h"
#include "harness/core/tree.h"
#include "harness/data/catalogue.h"
#include "harness/plan/plan.h"
#include "ingredients/catalogue.h"

namespace ablate {

/// An ingredient that is on, nested ones included.
struct UsedIngredient {
  const IngredientEntry* entry = nullptr;
  std::string family, key;  // where the recipe holds it: "distill", "logit@second"
  bool nested = false;      // it is a parameter of the ingredient that stands there
  Place place;
};

/// A teacher that a recipe names.
struct TeacherUse {
  std::string name;
  Place place;
};

/// A recipe checked against the declarations.
struct ResolvedRecipe {
  nlohmann::json recipe;  // every parameter present, neutral ingredients removed, teachers by name
  const DataEntry* data = nullptr;
  const BackboneEntry* backbone = nullptr;  // null in a recipe file that names none
  Place data_place, backbone_place, init_place;
  bool data_located = true;  // false: its path holds an unset ${NAME}
  bool init_located = true;  // likewise, of train.init
  std::vector<UsedIngredient> used;
  std::vector<TeacherUse> teachers;

  const nlohmann::json& data_settings() const { return recipe.at("data").at(data->name); }
  const nlohmann::json& backbone_settings() const { return recipe.at("backbone").at(backbone->name); }
  /// The weight file to start from, or "".
  std::string init() const;
};

/// What a resolver reports about: single values, and combinations of values that are each allowed.
struct Findings {
  Problems mistakes;
  Problems clashes;
};

/// Checks recipes against the catalogues and completes them.
class Resolver {
 public:
  /// `teachers`: the names that may be used; without, any name is accepted with a warning (a recipe file).
  Resolver(const World& world, bool must_exist, std::optional<std::set<std::string>> teachers)
      : world_(world), must_exist_(must_exist), teachers_(std::move(teachers)) {}

  /// Nothing when something was found that is no warning.
  std::optional<ResolvedRecipe> resolve(const Tree& recipe, Findings& findings) const;
  /// Its network as trained; only `data` and `backbone` (and `reparam`) need to be there.
  std::optional<ResolvedRecipe> resolve_network(const Tree& recipe, Findings& findings) const;

  /// What it sees, and nothing else: of a teacher that brings its own network.
  std::optional<ResolvedRecipe> resolve_data(const Tree& recipe, Findings& findings) const;

  /// A path as it stands in a file, ${NAME} replaced, absolute; nothing when a variable is not set.
  std::optional<std::string> locate(const Tree& path, Problems& problems) const;
  /// A missing file or variable: an error for `run`, a warning before.
  void missing(const Place& place, const std::string& message, Problems& problems) const;

 private:
  struct Work;  // one recipe on its way

  /// Fills a recipe in, and judges it whole when no value by itself was wrong.
  template <class Fill, class Judge>
  std::optional<ResolvedRecipe> resolve_by(const Tree& recipe, Findings& findings, const Fill& fill,
                                           const Judge& judge) const;

  void data(Work& work) const;
  void backbone(Work& work) const;
  void settings(Work& work) const;
  void families(Work& work, const std::vector<std::string>& names) const;
  void family(Work& work, const Family& family, const Tree& given) const;
  nlohmann::json ingredient(Work& work, const IngredientEntry& entry, const Tree& given) const;
  nlohmann::json nested(Work& work, const ParamInfo& param, const Tree& given) const;
  void teacher(Work& work, const Tree& given) const;
  /// Makes paths absolute; false when one holds an unset ${NAME}.
  bool locate_paths(const std::vector<ParamInfo>& params, const Tree& given, nlohmann::json& settings,
                    Problems& problems) const;

  const World& world_;
  bool must_exist_;
  std::optional<std::set<std::string>> teachers_;
};

/// Takes out what is neutral, and reports what its ingredients refuse and what cannot train together.
void judge_combination(ResolvedRecipe& resolved, const Tree& recipe, Problems& clashes);

/// `stem: auto` becomes what it means for the size of the images; builds the network and applies what
/// rewrites it. A network that cannot be is reported at the backbone or, where it was given, at the images'
/// size.
void judge_network(ResolvedRecipe& resolved, const Tree& recipe, Problems& clashes);

/// Height = width of what the network sees.
int image_size(const ResolvedRecipe& resolved);

}  // namespace ablate
