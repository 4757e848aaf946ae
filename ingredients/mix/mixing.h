#pragma once

#include <ATen/core/Tensor.h>

#include "ingredients/ingredient.h"

namespace ablate::ingredients {

/// The batch with its samples in reverse: the partner of each (timm's choice). Which samples meet is random
/// already, for the order of an epoch is; views [V * N, ...] are reversed each for itself.
at::Tensor reversed(const at::Tensor& samples, int views);

/// l x + (1 - l) y of each sample and its partner.
at::Tensor blended(const at::Tensor& samples, const at::Tensor& partners, double lambda);

/// A box [top, bottom) x [left, right).
struct Box {
  int top = 0, bottom = 0, left = 0, right = 0;
  bool empty() const { return bottom <= top || right <= left; }
};

/// A box of share 1 - lambda around a centre, clipped to the image (Yun et al. 2019, arXiv:1905.04899). An
/// odd side loses its last pixel (`half_up` false: the authors' code) or keeps it (timm).
Box cut_box(int height, int width, double lambda, int centre_y, int centre_x, bool half_up);

/// The share of the image outside the box: what lambda really is once the box was clipped.
double share_outside(const Box& box, int height, int width);

/// Why mixing cannot act: its window holds no epoch, or a batch has nobody to mix with.
std::vector<std::string> mix_refusals(const nlohmann::json& settings, const RecipeView& recipe);

}  // namespace ablate::ingredients
