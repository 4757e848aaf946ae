#include "ingredients/average/weight_average.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>

#include <limits>

#include "harness/execute/operations.h"

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

/// Statistics become the mean over batches of training images of each batch's own (torch's update_bn). The
/// executor adds a share of the batch's to what was there: zero, so that it can be had back.
void recompute_statistics(Weights& weights, EpochEnd& end, int batches, std::uint64_t seed) {
  const Weights scratch = weights.clone();
  const auto sum = at::zeros_like(weights.statistics());
  Pass pass{.training = true, .taps = {}, .seed = seed, .epoch = std::uint32_t(end.at.epoch)};
  end.over_training_data(batches, [&](const Batch& batch) {
    if (batch.images.size(0) < 2) return;  // has no variance where a map has one pixel
    scratch.statistics().zero_();
    end.network.forward_with(scratch, batch.images, pass);
    sum.add_(scratch.statistics());
    ++pass.step;
  });
  if (pass.step > 0) weights.statistics().copy_(sum.mul_(1 / (kNormMomentum * double(pass.step))));
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
  const at::NoGradGuard no_gradients;
  const int all = std::numeric_limits<int>::max();
  recompute_statistics(average_, end, mode_.recompute_batches.value_or(all), seed_);
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
  if (recomputes && recipe.has("sparsify"))
    reasons.push_back(
        "statistics would be those of the dense average, but it is delivered sparse; average the buffers");
  return reasons;
}

}  // namespace ablate::ingredients
