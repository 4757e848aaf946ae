#pragma once

#include <array>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/core/params.h"
#include "harness/graph/graph.h"

namespace ablate {

class Ingredient;  // ingredient.h, which knows torch

/// In which order ingredients apply; within a stage, by name. The order of keys in a sweep never matters.
/// Crop, Flip, Augment and Erase act on bytes, in that order, as the published pipelines do.
enum class Stage {
  Curriculum,
  Graph,
  Crop,
  Flip,
  Augment,
  Erase,
  Target,
  Mix,
  Loss,
  Regularize,
  Gradient,
  Update,
  Schedule,
  Sparsify,
  Average
};

/// What an ingredient may look at when it judges a combination: the whole resolved recipe and how long
/// training is.
struct RecipeView {
  const nlohmann::json& recipe;  // resolved, defaults filled in
  std::int64_t epochs = 0;
  /// The settings of family.name (of its first copy, when there are several), or null: `recipe.on("mix",
  /// "mixup")`.
  const nlohmann::json* on(const std::string& family, const std::string& name) const;
  /// True when the family has any ingredient on.
  bool has(const std::string& family) const;
};

/// The declaration of an ingredient: torch-free data, the one place where it is described.
struct IngredientHeader {
  std::string name;  // "distill.logit": family and name
  Stage stage = Stage::Loss;
  std::string doc;
  std::string source;
  /// What it computes, in plain mathematics: parameters by their names, clauses apart by "; ". Empty only
  /// where what is drawn or shown has no formula (augment, curriculum).
  std::string formula;
  /// What it does to others or needs of them, beyond what is refused, in sentences; `names` of parameters and
  /// ingredients in backticks.
  std::string interactions;
  int version = 1;
  /// Never changes the weights being trained: runs that differ only in such ingredients share one trajectory.
  bool passive = false;
  /// Not passive, for no other run may share its trajectory, but only evaluation changes and not what is
  /// trained.
  bool only_evaluates = false;
  bool needs_teacher = false;
  /// Families whose passive ingredients it reads while training (an average as teacher): they then belong to
  /// the trajectory.
  std::vector<std::string> reads;
  /// A wrapper around the optimizer (`sam`, `lookahead`), which may stand beside one.
  bool wrapper = false;
  /// Replaces cross-entropy as the task term (`Ingredient::task_loss`).
  bool task_term = false;
  /// Settings at which a run equals the run without it, bit for bit; any one of the objects suffices.
  std::vector<nlohmann::json> neutral;
  /// Why there are none, where there are none.
  std::string no_neutral;
  /// Why it acts throughout, where acting in a part of training makes no sense; else it takes `active`
  /// (window.h).
  std::string no_window;
  /// The part of training in which it acts where `active` is not given.
  std::array<double, 2> window{0, 1};
  /// Short names of the counters it reports ("batches"); all zero at the end of a run means that it did
  /// nothing, which makes the run invalid.
  std::vector<std::string> counters;
  /// Settings at which it acts on a training of two epochs, where its defaults would not: what contract tests
  /// run it with.
  nlohmann::json trial = nlohmann::json::object();
  /// What a recipe must hold beside it for it to act ({"reparam": {"branches": {}}}), likewise.
  nlohmann::json trial_beside = nlohmann::json::object();
  /// Why it makes no sense in this recipe, one message a reason, with what to change; empty when it does.
  std::function<std::vector<std::string>(const nlohmann::json& settings, const RecipeView&)> refuses;
  /// Why it does not fit the student's network, rewritten as it is trained: a map that it lacks.
  std::function<std::vector<std::string>(const nlohmann::json& settings, const Graph& graph)> misfits;
  /// The smallest image that it shows the network, when that is not the data's size; where the network has no
  /// map for it the sweep is refused.
  std::function<int(const nlohmann::json& settings, int size)> smallest_size;
  /// Rewrites the network's description; returns how many units it changed (0 is an error of the sweep: it
  /// found nothing).
  std::function<int(const nlohmann::json& settings, Graph& graph)> rewrite;
};

/// Adds a sentence to what a header says of others.
void add_interaction(IngredientHeader& header, const std::string& sentence);

struct IngredientEntry : IngredientHeader {
  std::string family;      // "distill"
  std::string short_name;  // "logit"
  std::vector<ParamInfo> params;
  std::function<std::unique_ptr<Ingredient>(const nlohmann::json& settings)> make;

  /// True when these settings (defaults filled in) are neutral.
  bool is_neutral(const nlohmann::json& settings) const;
};

IngredientEntry with_window(IngredientEntry entry);  // window.h

/// Joins a declaration with the class T, which has a nested Params and a constructor from it. T must be
/// complete.
template <class T>
IngredientEntry describe(IngredientHeader header, Fields<typename T::Params> fields) {
  IngredientEntry entry{std::move(header), "", "", fields.info(),
                        [fields](const nlohmann::json& settings) -> std::unique_ptr<Ingredient> {
                          return std::make_unique<T>(fields.read(settings));
                        }};
  const auto dot = entry.name.find('.');
  entry.family = entry.name.substr(0, dot);
  entry.short_name = entry.name.substr(dot + 1);
  return with_window(std::move(entry));
}

/// How many ingredients of a family a recipe may have.
enum class Arity { AtMostOne, ExactlyOneAndWrappers, Any };

struct Family {
  std::string name;
  Arity arity = Arity::Any;
  std::string doc;
};

/// All families, in the order in which pages list them.
const std::vector<Family>& families();
const Family* find_family(const std::string& name);

const std::vector<IngredientEntry>& ingredient_catalogue();
/// Throws Error when two entries share a name or one belongs to no family; the first look-up checks the
/// catalogue so.
void check_catalogue(const std::vector<IngredientEntry>& entries);
/// By family and name without copy suffix; null when there is none.
const IngredientEntry* find_ingredient(const std::string& family, const std::string& name);

/// "logit@second" -> "logit".
std::string without_copy(const std::string& key);

}  // namespace ablate
