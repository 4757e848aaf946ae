#include "ingredients/mix/mixing.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>

namespace ablate::ingredients {

at::Tensor reversed(const at::Tensor& samples, int views) {
  if (views == 1) return samples.flip(0);
  auto shape = samples.sizes().vec();
  shape.insert(shape.begin(), views);
  shape[1] /= views;
  return samples.reshape(shape).flip(1).reshape(samples.sizes());
}

at::Tensor blended(const at::Tensor& samples, const at::Tensor& partners, double lambda) {
  return (samples * lambda).add_(partners, 1 - lambda);
}

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

std::vector<std::string> mix_refusals(const nlohmann::json&, const RecipeView& recipe) {
  const auto train = recipe.recipe.find("train");
  if (train != recipe.recipe.end() && train->value("batch", 2) < 2)
    return {"a batch of one has no partner to mix with; raise train.batch"};
  return {};
}

}  // namespace ablate::ingredients
