#include "harness/train/kit.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "harness/core/canonical.h"
#include "harness/core/problems.h"
#include "harness/train/task.h"

namespace ablate::training {
namespace {

const IngredientEntry& entry_of(const std::vector<IngredientEntry>& catalogue, const std::string& family,
                                const std::string& key) {
  const auto name = without_copy(key);
  for (const auto& entry : catalogue)
    if (entry.family == family && entry.short_name == name) return entry;
  throw Error(fmt::format("unknown ingredient '{}.{}'", family, key));
}

/// Calls `use(family, key, settings)` for every ingredient of a spec.
template <class Use>
void each_ingredient(const nlohmann::json& spec, const Use& use) {
  const auto& recipe = spec.at("recipe");
  for (const auto& family : families()) {
    const auto there = recipe.find(family.name);
    if (there == recipe.end() || !there->is_object()) continue;
    for (const auto& [key, settings] : there->items()) use(family.name, key, settings);
  }
}

class KitBuilder {
 public:
  explicit KitBuilder(const std::vector<IngredientEntry>& catalogue) : catalogue_(catalogue) {}

  void add_shared(const nlohmann::json& spec, const std::vector<std::string>& runs) {
    each_ingredient(spec, [&](const auto& family, const auto& key, const auto& settings) {
      Member& member = find_or_add(family, key, settings);
      member.shared = true;
      member.runs = runs;
    });
  }
  void add_of_run(const RequestedRun& run) {
    each_ingredient(run.spec, [&](const auto& family, const auto& key, const auto& settings) {
      Member& member = find_or_add(family, key, settings);
      if (!member.shared) member.runs.push_back(run.key);
    });
  }
  Kit finish() {
    for (auto& member : kit_) {
      if (!member.shared) member.id += fmt::format("#{}", sha256(canonical(member.settings)).substr(0, 12));
      member.ingredient = member.entry->make(member.settings);
    }
    std::sort(kit_.begin(), kit_.end(), [](const Member& a, const Member& b) {
      return std::tie(a.entry->stage, a.id) < std::tie(b.entry->stage, b.id);
    });
    return std::move(kit_);
  }

 private:
  Member& find_or_add(const std::string& family, const std::string& key, const nlohmann::json& given) {
    const auto& entry = entry_of(catalogue_, family, key);
    const auto settings = with_defaults(entry.params, given);
    const auto name = family + "." + key;
    for (auto& member : kit_)
      if (member.name == name && member.settings == settings) return member;
    Member& member = kit_.emplace_back();
    member.name = member.id = name;
    member.entry = &entry;
    member.settings = settings;
    return member;
  }

  const std::vector<IngredientEntry>& catalogue_;
  Kit kit_;
};

}  // namespace

Kit make_kit(const Request& request, const std::vector<IngredientEntry>& catalogue) {
  std::vector<std::string> runs;
  for (const auto& run : request.runs) runs.push_back(run.key);
  KitBuilder builder(catalogue);
  builder.add_shared(request.spec, runs);
  for (const auto& run : request.runs) builder.add_of_run(run);
  return builder.finish();
}

std::vector<RunGroup> group_runs(const Kit& kit, const Request& request) {
  std::vector<RunGroup> groups;
  for (const auto& run : request.runs) {
    std::vector<const Member*> averages;
    for (const auto& member : kit)
      if (member.averages() && std::count(member.runs.begin(), member.runs.end(), run.key))
        averages.push_back(&member);
    const auto same =
        std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.averages == averages; });
    if (same == groups.end())
      groups.push_back({{run.key}, averages});
    else
      same->runs.push_back(run.key);
  }
  return groups;
}

}  // namespace ablate::training
