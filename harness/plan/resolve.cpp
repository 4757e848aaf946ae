#include "harness/plan/resolve.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/plan/names.h"
#include "harness/plan/resolve_work.h"
#include "ingredients/recipe.h"

namespace ablate {

using nlohmann::json;

namespace {

const Tree& empty_object() {
  static const Tree empty = Tree::object({});
  return empty;
}

/// The one member of a section that holds one entry of a catalogue.
const Member* single_entry(const Tree& recipe, const std::string& section, const std::string& what,
                           Problems& problems) {
  const Tree* given = recipe.find(section);
  if (!given) {
    problems.error(recipe.place, fmt::format("the recipe has no `{}`", section));
  } else if (!given->is(Tree::Kind::Object) || given->members.empty()) {
    problems.error(given->place, fmt::format("`{}` is a name, or {{name: {{parameters}}}}", section));
  } else if (given->members.size() > 1) {
    problems.error(given->members[1].place, fmt::format("a recipe has one {}, this is a second", what));
  } else {
    return &given->members.front();
  }
  return nullptr;
}

void unknown_entry(const std::string& what, const Member& member, const std::vector<std::string>& known,
                   Problems& problems) {
  const auto hint = suggestion(member.key, known);
  problems.error(member.place,
                 fmt::format("unknown {} '{}'{}", what, member.key,
                             hint.empty() ? fmt::format("; there are {}", fmt::join(known, ", ")) : hint));
}

}  // namespace

std::string ResolvedRecipe::init() const {
  const auto& init = recipe.at("train").at("init");
  return init.is_string() ? init.get<std::string>() : "";
}

void Resolver::missing(const Place& place, const std::string& message, Problems& problems) const {
  if (must_exist_)
    problems.error(place, message);
  else
    problems.warn(place, message);
}

std::optional<std::string> Resolver::locate(const Tree& path, Problems& problems) const {
  std::string text;
  bool known = true;
  for (std::size_t at = 0; at < path.text.size();) {
    const auto open = path.text.find("${", at);
    const auto close = open == std::string::npos ? open : path.text.find('}', open);
    text += path.text.substr(at, close == std::string::npos ? std::string::npos : open - at);
    if (close == std::string::npos) break;
    const auto name = path.text.substr(open + 2, close - open - 2);
    const auto value = world_.environment ? world_.environment(name) : std::nullopt;
    if (!value) {
      missing(path.place, fmt::format("the environment variable {} is not set", name), problems);
      known = false;
    }
    text += value.value_or("");
    at = close + 1;
  }
  if (!known) return std::nullopt;
  const bool in_file = !path.place.file.empty() && path.place.file != "--set";
  const auto folder =
      in_file ? std::filesystem::path(path.place.file).parent_path() : std::filesystem::path();
  return std::filesystem::absolute(folder / text).lexically_normal().string();
}

bool Resolver::locate_paths(const std::vector<ParamInfo>& params, const Tree& given, json& settings,
                            Problems& problems) const {
  bool all = true;
  for (const auto& param : params) {
    const Tree* value = given.find(param.name);
    if (param.type != ParamType::Path || !value || !value->is(Tree::Kind::String)) continue;
    const auto located = locate(*value, problems);
    if (located) settings[param.name] = *located;
    all &= located.has_value();
  }
  return all;
}

void Resolver::data(Work& work) const {
  const auto* member = single_entry(work.given, "data", "data set", work.problems);
  if (!member) return;
  work.out.data_place = member->place;
  work.out.data = find_data(member->key);
  if (!work.out.data) return unknown_entry("data set", *member, data_names(), work.problems);
  const auto& params = work.out.data->params;
  auto settings = ablate::resolve(params, member->value, "data." + member->key, work.problems);
  work.out.data_located = locate_paths(params, member->value, settings, work.problems);
  for (const auto& param : params)
    if (const Tree* value = member->value.find(param.name); value && param.type == ParamType::Path)
      work.out.data_place = value->place;
  work.out.recipe["data"][member->key] = std::move(settings);
}

void Resolver::backbone(Work& work) const {
  if (!teachers_ && !work.given.find("backbone")) return;  // a recipe file leaves it to the sweep
  const auto* member = single_entry(work.given, "backbone", "network", work.problems);
  if (!member) return;
  work.out.backbone_place = member->place;
  work.out.backbone = find_backbone(member->key);
  if (!work.out.backbone) return unknown_entry("backbone", *member, backbone_names(), work.problems);
  work.out.recipe["backbone"][member->key] =
      ablate::resolve(work.out.backbone->params, member->value, "backbone." + member->key, work.problems);
}

void Resolver::settings(Work& work) const {
  const Tree* train = work.given.find("train");
  const Tree* evaluate = work.given.find("evaluate");
  const auto& fields = train_fields().info();
  auto resolved = ablate::resolve(fields, train ? *train : empty_object(), "train", work.problems);
  work.out.init_located = !train || locate_paths(fields, *train, resolved, work.problems);
  if (const Tree* init = train ? train->find("init") : nullptr) work.out.init_place = init->place;
  work.out.recipe["train"] = std::move(resolved);
  work.out.recipe["evaluate"] = ablate::resolve(
      evaluate_fields().info(), evaluate ? *evaluate : empty_object(), "evaluate", work.problems);
}

template <class Fill, class Judge>
std::optional<ResolvedRecipe> Resolver::resolve_by(const Tree& recipe, Findings& findings, const Fill& fill,
                                                   const Judge& judge) const {
  Problems mistakes, clashes;
  Work work{recipe, mistakes, {.recipe = json::object()}};
  fill(work);
  if (mistakes.ok()) judge(work.out, clashes);
  add_problems(mistakes, findings.mistakes);
  add_problems(clashes, findings.clashes);
  if (!mistakes.ok() || !clashes.ok()) return std::nullopt;
  return std::move(work.out);
}

std::optional<ResolvedRecipe> Resolver::resolve(const Tree& recipe, Findings& findings) const {
  const auto fill = [&](Work& work) {
    data(work);
    backbone(work);
    settings(work);
    std::vector<std::string> names;
    for (const auto& family : ablate::families()) names.push_back(family.name);
    families(work, names);
  };
  return resolve_by(recipe, findings, fill, [&](ResolvedRecipe& resolved, Problems& clashes) {
    judge_combination(resolved, recipe, clashes);
    if (resolved.backbone) judge_network(resolved, recipe, clashes);
  });
}

std::optional<ResolvedRecipe> Resolver::resolve_network(const Tree& recipe, Findings& findings) const {
  const auto fill = [&](Work& work) {
    data(work);
    backbone(work);
    settings(work);
    families(work, {"reparam"});
  };
  return resolve_by(recipe, findings, fill, [&](ResolvedRecipe& resolved, Problems& clashes) {
    judge_network(resolved, recipe, clashes);
  });
}

std::optional<ResolvedRecipe> Resolver::resolve_data(const Tree& recipe, Findings& findings) const {
  return resolve_by(
      recipe, findings, [&](Work& work) { data(work); }, [](ResolvedRecipe&, Problems&) {});
}

}  // namespace ablate
