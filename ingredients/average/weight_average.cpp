#include "ingredients/average/weight_average.h"

#include <ATen/core/grad_mode.h>

#include <limits>

#include "ingredients/batch_statistics.h"

namespace ablate::ingredients {
namespace {

void move_towards(at::Tensor average, const at::Tensor& values, double keep) {
  average.mul_(keep).add_(values, 1 - keep);
}

void set_to_mean(at::Tensor average, const std::vector<at::Tensor>& values) {
  average.zero_();
  for (const auto& one : values) average.add_(one);
  average.div_(double(values.size()));
}

}  // namespace

void WeightAverage::begin(Setup& setup) {
  average_ = setup.weights().clone();
  auto draw = setup.stream(setup.name()).at(0, 0);
  seed_ = draw.bits();
}

void WeightAverage::blend(const Weights& weights, double keep) {
  const at::NoGradGuard no_gradients;
  move_towards(average_.trained(), weights.trained(), keep);
  if (mode_.buffers == "recompute") return;
  move_towards(average_.statistics(), weights.statistics(), mode_.buffers == "average" ? keep : 0);
}

void WeightAverage::replace(const std::vector<at::Tensor>& trained,
                            const std::vector<at::Tensor>& statistics) {
  const at::NoGradGuard no_gradients;
  set_to_mean(average_.trained(), trained);
  if (mode_.buffers == "average") set_to_mean(average_.statistics(), statistics);
  if (mode_.buffers == "copy") average_.statistics().copy_(statistics.back());
}

void WeightAverage::recompute(EpochEnd& end) {
  if (mode_.buffers != "recompute" || counted() == 0) return;
  BatchStatistics statistics(average_, seed_, std::uint32_t(end.at.epoch));
  const int all = std::numeric_limits<int>::max();
  end.over_training_data(mode_.recompute_batches.value_or(all), [&](const Batch& batch) {
    if (batch.images.size(0) < 2) return;  // has no variance where a map has one pixel
    statistics.add(end.network, batch.images);
  });
  statistics.finish();
}

void WeightAverage::save(Archive& archive) const {
  archive.tensors["trained"] = average_.trained();
  archive.tensors["statistics"] = average_.statistics();
  Counting::save(archive);
}

void WeightAverage::load(const Archive& archive) {
  average_.trained().copy_(archive.tensors.at("trained"));
  average_.statistics().copy_(archive.tensors.at("statistics"));
  Counting::load(archive);
}

std::vector<std::string> statistics_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  std::vector<std::string> reasons;
  const bool recomputes = settings.at("buffers") == "recompute";
  if (!recomputes && !settings.at("recompute_batches").is_null())
    reasons.push_back("recompute_batches does nothing unless buffers is recompute");
  if (recomputes && recipe.has("sparsify") && !recipe.on("sparsify", "core"))
    reasons.push_back(
        "statistics would be those of the dense average, but it is delivered sparse; average the buffers");
  return reasons;
}

}  // namespace ablate::ingredients
