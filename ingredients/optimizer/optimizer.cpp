#include "ingredients/optimizer/optimizer.h"

#include <cmath>

namespace ablate::ingredients {

void Optimizer::begin(Setup& setup) {
  if (!base_.lr_for_batch) return;
  const double ratio = double(setup.batch()) / *base_.lr_for_batch;
  batch_factor_ = base_.lr_scaling == "linear" ? ratio : std::sqrt(ratio);
}

void Optimizer::apply(Update& update) {
  prepare(update);
  const double lr = update.rates.lr.value_or(base_.lr * update.rates.lr_factor);
  const double decay = base_.weight_decay * update.rates.weight_decay_factor;
  for (auto& set : update.sets) change({set, buffers_.of(set), update.rates, lr, decay, counted() + 1});
  count();
}

void Optimizer::save(Archive& archive) const {
  buffers_.save(archive);
  Counting::save(archive);
}

void Optimizer::load(const Archive& archive) {
  buffers_.load(archive);
  Counting::load(archive);
}

double bias_correction(double beta, std::int64_t t) {
  return 1 - std::pow(beta, double(t));
}

std::vector<std::string> rate_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  std::vector<std::string> reasons;
  const bool scaled = !settings.at("lr_for_batch").is_null();
  if (!scaled && settings.at("lr_scaling") != "linear")
    reasons.push_back("lr_scaling does nothing without lr_for_batch; say which batch lr is meant for");
  if (scaled && recipe.on("optimizer", "accumulate"))
    reasons.push_back(
        "lr_for_batch looks at train.batch, which is not what accumulate makes an update of; give lr itself");
  return reasons;
}

}  // namespace ablate::ingredients
