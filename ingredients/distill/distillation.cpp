#include "ingredients/distill/distillation.h"

#include <fmt/format.h>

#include <algorithm>

namespace ablate::ingredients {
namespace {

/// The task term has one weight: every distillation that is on must ask for the same `ce_weight`.
std::vector<std::string> task_weight_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  if (!recipe.has("distill")) return {};
  const auto own = settings.at("ce_weight").get<double>();
  std::vector<std::string> reasons;
  for (const auto& [key, given] : recipe.recipe.at("distill").items()) {
    const double other = given.value("ce_weight", own);
    if (other != own)
      reasons.push_back(fmt::format(
          "ce_weight {} differs from the {} of distill.{}: the task term has one weight, give both the same",
          own, other, key));
  }
  return reasons;
}

std::vector<std::string> weight_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  auto reasons = task_weight_refusals(settings, recipe);
  if (settings.at("kd_weight") == 0 && settings.at("ce_weight") == 0)
    reasons.push_back(
        "kd_weight and ce_weight are both 0: nothing would be learnt; give one of them a weight");
  const auto warm_up = settings.at("warmup_epochs").get<std::int64_t>();
  if (recipe.epochs > 0 && warm_up > recipe.epochs)
    reasons.push_back(fmt::format(
        "warmup_epochs {} is more than the {} epochs of the training, so kd_weight would never be reached; "
        "warm up for less, or train longer",
        warm_up, recipe.epochs));
  return reasons;
}

}  // namespace

void Distillation::begin(Setup& setup) {
  name_ = setup.name();
  prepare(setup);
}

void Distillation::add_loss(const Step& step, Loss& loss) {
  const double risen =
      p_.warmup_epochs > 0 ? std::min(1.0, double(step.at.epoch + 1) / p_.warmup_epochs) : 1.0;
  loss.add(name_, p_.kd_weight * risen, value(step));
  count();
}

Refusals together(std::vector<Refusals> parts) {
  return [parts = std::move(parts)](const nlohmann::json& settings, const RecipeView& recipe) {
    std::vector<std::string> reasons;
    for (const auto& part : parts)
      if (part)
        for (auto& reason : part(settings, recipe)) reasons.push_back(std::move(reason));
    return reasons;
  };
}

IngredientHeader distill_header(IngredientHeader header) {
  add_interaction(header, "Outside `active` the task term weighs 1.");
  header.stage = Stage::Loss;
  header.neutral = {nlohmann::json::object({{"kd_weight", 0.0}, {"ce_weight", 1.0}})};
  header.counters = {"batches"};
  header.refuses = together({weight_refusals, std::move(header.refuses)});
  return header;
}

IngredientHeader taught_header(IngredientHeader header) {
  add_interaction(header,
                  "Teachers answer for the pixels that the student sees, augmented, erased and mixed, though "
                  "not attacked by `regularize.adversarial`; they run outside `active` too.");
  header.needs_teacher = true;
  return distill_header(std::move(header));
}

std::vector<std::string> relation_refusals(const nlohmann::json&, const RecipeView& recipe) {
  const auto train = recipe.recipe.find("train");
  if (train == recipe.recipe.end()) return {};
  std::vector<std::string> reasons;
  if (train->value("batch", 2) < 2)
    reasons.push_back("it compares the samples of a batch with each other; raise train.batch");
  if (!train->value("drop_last", true))
    reasons.push_back(
        "it compares the samples of a batch with each other, so the last, smaller one would weigh "
        "differently; leave train.drop_last on");
  return reasons;
}

}  // namespace ablate::ingredients
