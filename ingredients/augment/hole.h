#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "harness/core/random.h"
#include "harness/data/catalogue.h"
#include "ingredients/augment/boxes.h"

namespace ablate::ingredients {

/// What blanked-out parts of images of 0..1 values are filled with. A network sees (value - mean) / std:
/// "mean" is 0 there, "colour" a normal draw for each channel and "noise" one for each value; "black" is 0
/// before that.
class HoleFill {
 public:
  HoleFill(std::string kind, const DataOptions& data)
      : kind_(std::move(kind)), mean_(data.mean), std_(data.std) {}

  /// In an image [3, H, W] of single precision.
  void fill(at::TensorAccessor<float, 3> image, const ImageBox& box, Draw& draw) const;

 private:
  std::string kind_;
  std::vector<double> mean_, std_;
};

}  // namespace ablate::ingredients
