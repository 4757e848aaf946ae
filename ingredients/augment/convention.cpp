#include "ingredients/augment/convention.h"

#include <algorithm>

namespace ablate::ingredients {
int extent(const Image& image, Operation operation) {
  return operation == Operation::TranslateX ? image.width : image.height;
}

SamplingChoice::SamplingChoice(bool timm, const SamplingParams& params) {
  const auto& interpolation = params.interpolation;
  random_ = interpolation == "random" || (interpolation == "convention" && timm);
  if (interpolation == "bilinear") sampling_.interpolation = Interpolation::Bilinear;
  if (interpolation == "bicubic") sampling_.interpolation = Interpolation::Bicubic;
  sampling_.fill.fill(timm ? 128 : 0);
  if (params.fill)
    for (std::size_t c = 0; c < 3; ++c) sampling_.fill[c] = std::uint8_t((*params.fill)[c]);
}

Sampling SamplingChoice::pick(Draw& draw) const {
  Sampling sampling = sampling_;
  if (random_) sampling.interpolation = draw.chance(0.5) ? Interpolation::Bilinear : Interpolation::Bicubic;
  return sampling;
}

void apply_timm(Image& image, Operation operation, double level, TimmScale scale,
                const SamplingChoice& sampling, Draw& draw) {
  const bool negative = is_signed(operation, scale) && draw.chance(0.5);
  double argument = timm_argument(operation, level, negative, scale);
  if (translates(operation)) argument *= extent(image, operation);
  carry_out(image, operation, argument, sampling.pick(draw));
}

void apply_torchvision(Image& image, Operation operation, double bin, const TorchvisionSpace& space,
                       const SamplingChoice& sampling, Draw& draw) {
  double magnitude = torchvision_magnitude(space, operation, bin, extent(image, operation));
  if (is_signed(operation) && draw.chance(0.5)) magnitude = -magnitude;
  carry_out(image, operation, torchvision_argument(operation, magnitude), sampling.pick(draw));
}

}  // namespace ablate::ingredients
