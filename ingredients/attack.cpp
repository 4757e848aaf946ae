#include "ingredients/attack.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/log_softmax.h>

namespace ablate {
namespace {

/// How the loss of these images changes with their pixels.
at::Tensor pixel_gradient(const Answer& answer, const at::Tensor& images, const at::Tensor& targets) {
  const at::AutoGradMode with_gradients(true);
  const auto pixels = images.detach().requires_grad_();
  const auto loss = -(targets * at::log_softmax(answer(pixels), 1)).sum();
  loss.backward({}, std::nullopt, false, at::TensorList(pixels));
  return pixels.grad();
}

}  // namespace

void fill_within(double radius, const at::Tensor& noise, Draw draw) {
  auto* value = noise.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < noise.numel(); ++i) value[i] = float(draw.uniform(-radius, radius));
}

at::Tensor attacked(const at::Tensor& clean, const at::Tensor& targets, const Answer& answer,
                    const Attack& attack, const std::optional<at::Tensor>& noise) {
  const at::NoGradGuard no_gradients;
  const auto lowest = (clean - attack.radius).clamp_min(0), highest = (clean + attack.radius).clamp_max(1);
  auto images = clean.clone();
  if (noise) images = at::clamp(images + noise->to(clean.scalar_type()), lowest, highest);
  for (int i = 0; i < attack.steps; ++i) {
    const auto uphill = pixel_gradient(answer, images, targets).sign();
    images = at::clamp(images + uphill * attack.step, lowest, highest);
  }
  return images;
}

}  // namespace ablate
