#pragma once

#include "ingredients/augment/operation.h"

namespace ablate::ingredients {

/// How timm turns a level of 0..10 into arguments. `Increasing`: every operation grows stronger with the
/// level. `Plain` (the TPU code): posterize and solarize grow weaker, and blends run from 0.1 to 1.9 through
/// no change in the middle. `Original`: as plain, but posterize keeps four bits at least (AutoAugment's
/// paper).
enum class TimmScale { Increasing, Plain, Original };

/// True when timm draws a sign for it.
bool is_signed(Operation operation, TimmScale scale);
/// The argument at a level; of translations the share of the size. `negative` matters only where signed.
double timm_argument(Operation operation, double level, bool negative, TimmScale scale);

/// How torchvision turns bins into magnitudes: they run evenly from no change to these ends.
struct TorchvisionSpace {
  int bins = 0;
  double shear = 0;
  double translate_share = 0;   // of the size,
  double translate_pixels = 0;  // or these
  double degrees = 0;
  double blend = 0;
  double posterize_bits = 0;  // taken away
};

inline constexpr TorchvisionSpace kRandAugmentSpace{31, 0.3, 150.0 / 331, 0, 30, 0.9, 4};
inline constexpr TorchvisionSpace kTrivialAugmentSpace{31, 0.99, 0, 32, 135, 0.99, 6};
inline constexpr TorchvisionSpace kAutoAugmentSpace{10, 0.3, 150.0 / 331, 0, 30, 0.9, 4};

/// True when torchvision draws a sign for it.
bool is_signed(Operation operation);
/// The magnitude at a bin, for an image of that size along the axis of a translation. Bins between two whole
/// ones are as good.
double torchvision_magnitude(const TorchvisionSpace& space, Operation operation, double bin, int size);
/// What the image operation takes.
double torchvision_argument(Operation operation, double magnitude);

}  // namespace ablate::ingredients
