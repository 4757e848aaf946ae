#include "harness/plan/spec.h"

#include <algorithm>

#include "harness/core/canonical.h"
#include "ingredients/recipe.h"

namespace ablate {

using nlohmann::json;

namespace {

using TeacherRefs = std::map<std::string, json>;

json with_references(const json& value, const TeacherRefs& teachers) {
  if (value.is_string()) {
    const auto found = teachers.find(value.get<std::string>());
    return found == teachers.end() ? value : found->second;
  }
  if (!value.is_array()) return value;
  auto list = json::array();
  for (const auto& item : value) list.push_back(with_references(item, teachers));
  return list;
}

json hashed_nested(const ParamInfo& param, const json& value, const TeacherRefs& teachers) {
  if (value.is_array()) {
    auto list = json::array();
    for (const auto& item : value) list.push_back(hashed_nested(param, item, teachers));
    return list;
  }
  auto hashed = json::object();
  if (value.is_object())
    for (const auto& [name, settings] : value.items())
      if (const auto* entry = find_ingredient(param.range.family, without_copy(name)))
        hashed[name] = hashed_ingredient(*entry, settings, teachers);
  return value.is_object() ? hashed : value;
}

/// Parameters of type path say where something lies.
void drop_paths(const std::vector<ParamInfo>& params, json& settings) {
  for (const auto& param : params)
    if (param.type == ParamType::Path) settings.erase(param.name);
}

/// Passive ingredients that something which trains reads are part of what is trained.
bool is_read(const ResolvedRecipe& resolved, const UsedIngredient& passive) {
  return std::ranges::any_of(resolved.used, [&](const UsedIngredient& used) {
    const auto& reads = used.entry->reads;
    return !used.entry->passive && std::ranges::find(reads, passive.family) != reads.end();
  });
}

bool left_out(const ResolvedRecipe& resolved, const UsedIngredient& used) {
  return used.entry->passive && !used.nested && !is_read(resolved, used);
}

Keyed keyed_spec(const ResolvedRecipe& resolved, const Identities& identities, std::uint64_t seed,
                 bool with_passive) {
  auto recipe = json::object();
  auto& data = recipe["data"][resolved.data->name] =
      hashed_settings(resolved.data->params, resolved.data_settings());
  data["fingerprint"] = identities.fingerprint;
  recipe["backbone"][resolved.backbone->name] =
      hashed_settings(resolved.backbone->params, resolved.backbone_settings());
  auto train = hashed_settings(train_fields().info(), resolved.recipe.at("train"));
  if (!resolved.init().empty()) train["init"] = identities.init;
  if (resolved.recipe.at("train").at("executor") == "fused") train.erase("threads");  // they change no bits
  if (!train.empty()) recipe["train"] = std::move(train);
  auto evaluate = hashed_settings(evaluate_fields().info(), resolved.recipe.at("evaluate"));
  // by name, so that runs are told apart when "all" comes to stand for more
  if (const auto list = evaluate.find("corruptions"); list != evaluate.end())
    *list = evaluate_fields().read(resolved.recipe.at("evaluate")).corruption_list();
  if (!evaluate.empty()) recipe["evaluate"] = std::move(evaluate);

  auto versions = json(identities.versions);
  versions["trainer"] = kTrainerVersion;
  versions["data." + resolved.data->name] = resolved.data->version;
  versions["backbone." + resolved.backbone->name] = resolved.backbone->version;
  for (const auto& used : resolved.used) {
    if (!with_passive && left_out(resolved, used)) continue;
    versions[used.entry->name] = used.entry->version;
    if (!used.nested)
      recipe[used.family][used.key] =
          hashed_ingredient(*used.entry, resolved.recipe.at(used.family).at(used.key), identities.teachers);
  }
  json spec{{"recipe", std::move(recipe)}, {"seed", seed}, {"versions", std::move(versions)}};
  auto key = sha256(canonical(spec));
  if (identities.pending) key.insert(key.begin(), '?');
  return {std::move(spec), std::move(key)};
}

void refer_to_teachers(json& value, const std::vector<ParamInfo>& params, const TeacherRefs& teachers) {
  for (const auto& param : params)
    if (param.type == ParamType::Teacher && value.contains(param.name))
      value[param.name] = with_references(value[param.name], teachers);
}

}  // namespace

json hashed_ingredient(const IngredientEntry& entry, const json& settings, const TeacherRefs& teachers) {
  auto hashed = hashed_settings(entry.params, settings);
  for (const auto& param : entry.params) {
    const auto value = hashed.find(param.name);
    if (value == hashed.end()) continue;
    if (param.type == ParamType::Teacher) *value = with_references(*value, teachers);
    if (param.type == ParamType::Ingredient) {
      *value = hashed_nested(param, *value, teachers);
      // spelt out, the default is still the default
      if (!param.required && *value == hashed_nested(param, param.fallback, teachers)) hashed.erase(value);
    }
  }
  return hashed;
}

Keyed run_spec(const ResolvedRecipe& resolved, const Identities& identities, std::uint64_t seed) {
  return keyed_spec(resolved, identities, seed, true);
}

Keyed trajectory_spec(const ResolvedRecipe& resolved, const Identities& identities, std::uint64_t seed) {
  return keyed_spec(resolved, identities, seed, false);
}

json shown_recipe(const ResolvedRecipe& resolved, const Identities& identities) {
  auto recipe = resolved.recipe;
  drop_paths(resolved.data->params, recipe["data"][resolved.data->name]);
  drop_paths(train_fields().info(), recipe["train"]);
  if (!resolved.init().empty()) recipe["train"]["init"] = identities.init;
  for (const auto& used : resolved.used) {
    if (used.nested) continue;
    auto& settings = recipe[used.family][used.key];
    drop_paths(used.entry->params, settings);
    refer_to_teachers(settings, used.entry->params, identities.teachers);
  }
  return recipe;
}

}  // namespace ablate
