#include <fmt/format.h>

#include <algorithm>

#include "harness/plan/resolve.h"

namespace ablate {

using nlohmann::json;

namespace {

/// Stands in for a number of classes that only the images can tell; the shape of a network hardly depends on
/// it.
constexpr int kSomeClasses = 1000;

void drop_neutral(ResolvedRecipe& resolved) {
  std::set<std::pair<std::string, std::string>> neutral;
  for (const auto& used : resolved.used)
    if (!used.nested && used.entry->is_neutral(resolved.recipe.at(used.family).at(used.key)))
      neutral.emplace(used.family, used.key);
  for (const auto& [family, key] : neutral) {
    resolved.recipe[family].erase(key);
    if (resolved.recipe[family].empty()) resolved.recipe.erase(family);
  }
  std::erase_if(resolved.used, [&](const UsedIngredient& used) {
    return neutral.contains({used.family, used.key});
  });
}

/// Teachers that only a neutral ingredient asked for are not needed.
void collect_names(const json& value, std::vector<std::string>& names) {
  if (value.is_string()) names.push_back(value.get<std::string>());
  if (value.is_structured())
    for (const auto& item : value) collect_names(item, names);
}

void drop_unused_teachers(ResolvedRecipe& resolved) {
  std::vector<std::string> names;
  for (const auto& used : resolved.used)
    if (!used.nested) collect_names(resolved.recipe.at(used.family).at(used.key), names);
  std::erase_if(resolved.teachers,
                [&](const TeacherUse& use) { return std::ranges::find(names, use.name) == names.end(); });
}

std::vector<const UsedIngredient*> in_stage_order(const ResolvedRecipe& resolved) {
  std::vector<const UsedIngredient*> used;
  for (const auto& ingredient : resolved.used)
    if (!ingredient.nested) used.push_back(&ingredient);
  std::ranges::stable_sort(
      used, {}, [](const UsedIngredient* u) { return std::pair(u->entry->stage, u->entry->name); });
  return used;
}

void resolve_stem(ResolvedRecipe& resolved, int size) {
  constexpr int kCifarBelow = 64;
  auto& settings = resolved.recipe["backbone"][resolved.backbone->name];
  const auto stem = settings.find("stem");
  if (stem != settings.end() && *stem == "auto") *stem = size < kCifarBelow ? "cifar" : "imagenet";
}

Place network_place(const ResolvedRecipe& resolved, const Tree& recipe) {
  const Tree* data = recipe.find("data");
  const Tree* entry = data ? data->find(resolved.data->name) : nullptr;
  const Tree* size = entry ? entry->find("size") : nullptr;
  return size ? size->place : resolved.backbone_place;
}

Place train_place(const Tree& recipe) {
  const Tree* train = recipe.find("train");
  const Tree* precision = train ? train->find("precision") : nullptr;
  return precision ? precision->place : recipe.place;
}

void rewrite(const ResolvedRecipe& resolved, Graph& graph, Problems& clashes) {
  for (const auto* used : in_stage_order(resolved)) {
    if (!used->entry->rewrite) continue;
    const auto& settings = resolved.recipe.at(used->family).at(used->key);
    try {
      if (used->entry->rewrite(settings, graph) == 0)
        clashes.error(used->place, fmt::format("{} finds nothing to change in {}", used->entry->name,
                                               resolved.backbone->name));
    } catch (const Error& error) {
      clashes.error(used->place, fmt::format("{}: {}", used->entry->name, error.what()));
    }
  }
}

void report_misfits(const ResolvedRecipe& resolved, const Graph& graph, Problems& clashes) {
  for (const auto* used : in_stage_order(resolved)) {
    if (!used->entry->misfits) continue;
    for (const auto& reason : used->entry->misfits(resolved.recipe.at(used->family).at(used->key), graph))
      clashes.error(used->place, fmt::format("{}: {}", used->entry->name, reason));
  }
}

/// Its network for images of that size. Throws GraphError when they are too small.
Graph network_for(const ResolvedRecipe& resolved, int size) {
  const int classes = resolved.data->facts(resolved.data_settings()).classes.value_or(kSomeClasses);
  return resolved.backbone->build(resolved.backbone_settings(),
                                  {.channels = 3, .height = size, .width = size, .classes = classes});
}

/// Curricula show the network images of other sizes: it must exist for the smallest of them too.
void check_sizes(const ResolvedRecipe& resolved, int size, Problems& clashes) {
  for (const auto* used : in_stage_order(resolved)) {
    if (!used->entry->smallest_size) continue;
    const int smallest = used->entry->smallest_size(resolved.recipe.at(used->family).at(used->key), size);
    try {
      network_for(resolved, smallest);
    } catch (const GraphError& error) {
      clashes.error(used->place, fmt::format("{}: at {} px {}", used->entry->name, smallest, error.what()));
    }
  }
}

}  // namespace

int image_size(const ResolvedRecipe& resolved) {
  const auto& settings = resolved.data_settings();
  const int size = resolved.data->facts ? resolved.data->facts(settings).size : 0;
  return size > 0 ? size : resolved.data->options(settings).size;
}

void judge_combination(ResolvedRecipe& resolved, const Tree& recipe, Problems& clashes) {
  drop_neutral(resolved);
  drop_unused_teachers(resolved);
  const auto& train = resolved.recipe.at("train");
  if (train.at("precision") == "bf16" && train.at("executor") != "fused")
    clashes.error(train_place(recipe), "train.precision: bf16 needs \"executor\": \"fused\"");
  const RecipeView view{resolved.recipe, resolved.recipe.at("train").at("epochs").get<std::int64_t>()};
  for (const auto* used : in_stage_order(resolved)) {
    if (!used->entry->refuses) continue;
    const auto& settings = resolved.recipe.at(used->family).at(used->key);
    for (const auto& reason : used->entry->refuses(settings, view))
      clashes.error(used->place, fmt::format("{}: {}", used->entry->name, reason));
  }
}

void judge_network(ResolvedRecipe& resolved, const Tree& recipe, Problems& clashes) {
  const int size = image_size(resolved);
  resolve_stem(resolved, size);
  try {
    Graph graph = network_for(resolved, size);
    rewrite(resolved, graph, clashes);
    report_misfits(resolved, graph, clashes);
    check_sizes(resolved, size, clashes);
  } catch (const Error& error) {
    clashes.error(network_place(resolved, recipe),
                  fmt::format("backbone.{}: {}", resolved.backbone->name, error.what()));
  }
}

}  // namespace ablate
