#pragma once

#include <span>
#include <string_view>

#include "harness/data/image_operations.h"

namespace ablate::ingredients {

/// What the published policies are made of.
enum class Operation {
  Identity,
  AutoContrast,
  Equalize,
  Invert,
  Posterize,
  Solarize,
  SolarizeAdd,
  Color,
  Contrast,
  Brightness,
  Sharpness,
  ShearX,
  ShearY,
  TranslateX,
  TranslateY,
  Rotate
};

/// As the papers write it: "AutoContrast".
std::string_view name_of(Operation operation);

/// The argument is what the image operation takes: kept bits, a threshold, an addend, a blend's factor, a
/// shear's factor, pixels, degrees; of the others none.
void carry_out(Image& image, Operation operation, double argument, const Sampling& sampling);

bool translates(Operation operation);
/// Moves pixels rather than changing their values.
bool is_geometric(Operation operation);
/// One of the four blends with a plainer image.
bool is_blend(Operation operation);

/// The fourteen of TrivialAugment and of torchvision's RandAugment.
std::span<const Operation> torchvision_operations();
/// The fifteen of timm's RandAugment.
std::span<const Operation> timm_operations();

}  // namespace ablate::ingredients
