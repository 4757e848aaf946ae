#include "harness/plan/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "harness/plan/names.h"

namespace ablate {
namespace {

constexpr std::int64_t kMostSeeds = 10000;

const std::vector<std::string>& sweep_keys() {
  static const std::vector<std::string> keys{"$schema", "name",     "title",   "base",   "backbones",
                                             "adapt",   "teachers", "factors", "design", "tables",
                                             "exclude", "seeds",    "keep"};
  return keys;
}

/// The recipe of a file; a file that cannot be read is a mistake at `place`.
std::optional<Tree> recipe_file(const std::filesystem::path& path, const Place& place, Problems& problems) {
  if (!std::filesystem::is_regular_file(path)) {
    problems.error(place, fmt::format("there is no recipe file {}", path.string()));
    return std::nullopt;
  }
  return read_json_file(path, problems);
}

std::optional<Tree> base_tree(const Tree& root, const std::filesystem::path& file, const Overrides& overrides,
                              Problems& problems) {
  if (overrides.base) return read_json_file(*overrides.base, problems);
  const Tree* base = root.find("base");
  if (!base) {
    problems.error(root.place, "the sweep has no `base`: a recipe, or the name of a file that holds one");
    return std::nullopt;
  }
  if (!base->is(Tree::Kind::String)) return *base;
  return recipe_file((file.parent_path() / base->text).lexically_normal(), base->place, problems);
}

/// A name that is also a folder's.
void check_folder_name(const std::string& name, const Place& place, Problems& problems) {
  const auto fine = [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_' || c == '.'; };
  if (name.empty() || name[0] == '.' || !std::ranges::all_of(name, fine))
    problems.error(place,
                   fmt::format("`name` names a folder: letters, digits, '-', '_' and '.', not '{}'", name));
}

void read_names(const Tree& root, const std::filesystem::path& file, Sweep& sweep, Problems& problems) {
  const Tree* name = member_of_kind(root, "name", Tree::Kind::String, problems);
  sweep.name = name ? name->text : file.stem().string();
  check_folder_name(sweep.name, name ? name->place : root.place, problems);
  const Tree* title = member_of_kind(root, "title", Tree::Kind::String, problems);
  sweep.title = title ? title->text : sweep.name;
  const Tree* keep = member_of_kind(root, "keep", Tree::Kind::String, problems);
  if (!keep) return;
  sweep.keep = keep->text;
  const std::vector<std::string> kept{"last", "best", "none"};
  if (std::ranges::find(kept, sweep.keep) == kept.end())
    problems.error(keep->place, fmt::format("`keep` is last, best or none, not '{}'", sweep.keep));
}

std::optional<std::uint64_t> seed_in(const Tree& tree, Problems& problems) {
  if (tree.is(Tree::Kind::Integer) && tree.integer >= 0) return static_cast<std::uint64_t>(tree.integer);
  problems.error(tree.place, "a seed is an integer of at least 0");
  return std::nullopt;
}

}  // namespace

const Level* Factor::level(const std::string& label) const {
  const auto found = std::ranges::find(levels, label, &Level::label);
  return found == levels.end() ? nullptr : &*found;
}

const Factor* Sweep::factor(const std::string& factor_name) const {
  for (const auto* list : {&factors, &generated}) {
    const auto found = std::ranges::find(*list, factor_name, &Factor::name);
    if (found != list->end()) return &*found;
  }
  return nullptr;
}

std::vector<std::uint64_t> read_seeds(const Tree& tree, Problems& problems) {
  std::vector<std::uint64_t> seeds;
  if (tree.is(Tree::Kind::Integer)) {
    if (tree.integer < 1 || tree.integer > kMostSeeds)
      problems.error(tree.place, fmt::format("`seeds` is a number from 1 to {}, or a list", kMostSeeds));
    else
      for (std::int64_t seed = 1; seed <= tree.integer; ++seed) seeds.push_back(seed);
  } else if (tree.is(Tree::Kind::Array) && !tree.items.empty()) {
    std::set<std::uint64_t> seen;
    for (const auto& item : tree.items)
      if (const auto seed = seed_in(item, problems)) {
        if (seen.insert(*seed).second)
          seeds.push_back(*seed);
        else
          problems.error(item.place, fmt::format("seed {} is listed twice", *seed));
      }
  } else {
    problems.error(tree.place, "`seeds` is a number n, for 1..n, or a list of seeds");
  }
  return seeds;
}

Tree read_recipe(const Tree& tree, Problems& problems) {
  if (!tree.is(Tree::Kind::Object)) {
    problems.error(tree.place, fmt::format("a recipe is an object, found {}", kind_name(tree.kind)));
    return Tree::object(tree.place);
  }
  Tree recipe = tree;
  recipe.erase("$schema");
  auto known = recipe_keys();
  for (const auto& member : tree.members) {
    if (member.key == "base")
      problems.error(member.place, "a recipe has no `base` of its own: there are no chains");
    if (member.key == "base" || !is_recipe_key(member.key)) recipe.erase(member.key);
  }
  known.insert(known.end(), {"$schema", "base"});
  check_keys(tree, known, "a recipe", problems);
  for (auto& member : recipe.members) expand_bare_name(member.key, member.value);
  return recipe;
}

void read_sweep(const Tree& root, const std::filesystem::path& file, const Overrides& overrides, Sweep& sweep,
                Problems& problems) {
  sweep.place = root.place;
  if (!root.is(Tree::Kind::Object)) {
    problems.error(root.place, fmt::format("a sweep is an object, found {}", kind_name(root.kind)));
    return;
  }
  check_keys(root, sweep_keys(), "a sweep", problems);
  member_of_kind(root, "$schema", Tree::Kind::String, problems);
  read_names(root, file, sweep, problems);
  const auto base = base_tree(root, file, overrides, problems);
  if (base) sweep.base = read_recipe(*base, problems);
  sweep.set = read_command_line(overrides.set, problems);
  read_backbones(root, sweep, problems);
  if (const Tree* teachers = member_of_kind(root, "teachers", Tree::Kind::Object, problems))
    read_teachers(*teachers, sweep.teachers, problems);
  if (const Tree* factors = member_of_kind(root, "factors", Tree::Kind::Object, problems))
    read_factors(*factors, sweep.factors, problems);
  sweep.broken = sweep.backbones.empty() || std::ranges::any_of(sweep.factors, [](const Factor& factor) {
                   return factor.levels.empty();
                 });
  read_panels(root, sweep, problems);
}

}  // namespace ablate
