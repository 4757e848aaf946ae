#include "harness/train/views.h"

#include "harness/core/canonical.h"

namespace ablate::training {

bool draws_images(const IngredientHeader& header) {
  return header.stage >= Stage::Crop && header.stage <= Stage::Erase;
}

std::optional<std::uint64_t> image_seed(const Kit& kit) {
  for (const auto& i : kit)
    if (const auto seed = i->image_seed()) return seed;
  return std::nullopt;
}

nlohmann::json describe_views(const Task& task, const Kit& kit) {
  auto changes = nlohmann::json::object();
  for (const auto& member : kit)
    if (draws_images(*member.entry)) {
      changes[member.name] = member.settings;
      changes[member.name]["version"] = member.entry->version;
    }
  return {{"fingerprint", task.data->fingerprint()},
          {"images", task.parts.train.size()},
          {"part", sha256(canonical(nlohmann::json(task.parts.train)))},
          {"size", task.options.size},
          {"crop", task.options.crop},
          {"seed", image_seed(kit).value_or(task.seed)},
          {"changes", changes}};
}

}  // namespace ablate::training
