#include "ingredients/mix/mixing.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/ops/slice.h>
#include <ATen/ops/tensor.h>

namespace ablate::ingredients {
namespace {

/// [V * n, ...] as [V, n, ...], the same memory.
at::Tensor by_view(const at::Tensor& images, int views) {
  return images.unflatten(0, {views, images.size(0) / views});
}

at::Tensor inside_box(const at::Tensor& images, const Box& box) {
  return images.slice(-2, box.top, box.bottom).slice(-1, box.left, box.right);
}

std::vector<std::int64_t> shuffled_order(std::int64_t n, Draw& draw) {
  std::vector<std::int64_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  for (auto left = n; left > 1; --left) std::swap(order[left - 1], order[draw.below(std::uint32_t(left))]);
  return order;
}

}  // namespace

Box cut_box(int height, int width, double lambda, int centre_y, int centre_x, bool half_up) {
  const double side = std::sqrt(1 - lambda);
  const auto span = [&](int size, int centre) {
    const int cut = int(size * side);
    return std::pair{std::clamp(centre - cut / 2, 0, size),
                     std::clamp(centre + (cut + half_up) / 2, 0, size)};
  };
  const auto [top, bottom] = span(height, centre_y);
  const auto [left, right] = span(width, centre_x);
  return {top, bottom, left, right};
}

double share_outside(const Box& box, int height, int width) {
  return 1 - double((box.bottom - box.top) * (box.right - box.left)) / (double(height) * width);
}

MixSamples MixSamples::narrow(std::int64_t first, std::int64_t count) const {
  return {images.narrow(1, first, count), targets.narrow(0, first, count)};
}

MixSamples partners_of(const MixSamples& samples, const std::string& choice, Draw& draw) {
  if (choice == "reversed") return {samples.images.flip(1), samples.targets.flip(0)};
  if (choice == "shifted") return {samples.images.roll(1, 1), samples.targets.roll(1, 0)};
  const auto order = at::tensor(shuffled_order(samples.targets.size(0), draw));
  return {samples.images.index_select(1, order), samples.targets.index_select(0, order)};
}

void mix_in(const MixSamples& samples, const MixSamples& partners, const Portion& portion) {
  if (portion.box)
    inside_box(samples.images, *portion.box).copy_(inside_box(partners.images, *portion.box));
  else
    samples.images.mul_(portion.lambda).add_(partners.images, 1 - portion.lambda);
  samples.targets.mul_(portion.lambda).add_(partners.targets, 1 - portion.lambda);
}

std::optional<Portion> draw_blend(double alpha, Draw& draw) {
  return Portion{draw.beta(alpha, alpha), std::nullopt};
}

std::optional<Portion> draw_cut(double alpha, bool half_up, int height, int width, Draw& draw) {
  const double lambda = draw.beta(alpha, alpha);
  const int centre_y = int(draw.below(std::uint32_t(height))),
            centre_x = int(draw.below(std::uint32_t(width)));
  const auto box = cut_box(height, width, lambda, centre_y, centre_x, half_up);
  if (box.empty()) return std::nullopt;
  return Portion{share_outside(box, height, width), box};
}

void Mixing::transform_batch(Batch& batch, const Progress& at) {
  const auto n = batch.targets.size(0);
  const bool whole = params_.draws == "batch", pairs = params_.draws == "pair";
  const auto draws = whole ? 1 : pairs ? (n + 1) / 2 : n;
  auto draw = stream_->at(std::uint32_t(at.epoch), std::uint64_t(at.step));
  std::vector<std::optional<Portion>> portions;
  for (std::int64_t i = 0; i < draws; ++i)
    portions.push_back(draw_portion(int(batch.images.size(2)), int(batch.images.size(3)), strength_, draw));
  if (std::none_of(portions.begin(), portions.end(), [](const auto& portion) { return portion.has_value(); }))
    return;

  const MixSamples samples{by_view(batch.images, batch.views), batch.targets};
  const auto partners = partners_of(samples, params_.partner, draw);
  const auto mix = [&](std::int64_t first, std::int64_t size, const Portion& portion) {
    mix_in(samples.narrow(first, size), partners.narrow(first, size), portion);
  };
  for (std::int64_t i = 0; i < draws; ++i) {
    if (!portions[i]) continue;
    mix(i, whole ? n : 1, *portions[i]);
    if (pairs && i != n - 1 - i) mix(n - 1 - i, 1, *portions[i]);
  }
  count();
}

std::vector<std::string> mix_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  std::vector<std::string> reasons;
  const auto train = recipe.recipe.find("train");
  if (train != recipe.recipe.end() && train->value("batch", 2) < 2)
    reasons.push_back("a batch of one has no partner to mix with; raise train.batch");
  if (settings.at("draws") == "pair" && settings.at("partner") != "reversed")
    reasons.push_back("only reversed partners come in pairs; set partner to reversed or draws to sample");
  return reasons;
}

}  // namespace ablate::ingredients
