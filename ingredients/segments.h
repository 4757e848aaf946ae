#pragma once

#include "ingredients/ingredient.h"

namespace ablate::ingredients {

/// A convolution that sees one channel at a time.
inline bool is_depthwise(const Segment& segment) {
  return segment.kind == Kind::ConvWeight && segment.shape.at(1) == 1;
}

/// The classifier's weight and bias. What is trained along with the student has linear layers that are no
/// head.
inline bool is_head(const ParameterSet& set, const Segment& segment) {
  return set.name == "student" && (segment.kind == Kind::LinearWeight || segment.kind == Kind::LinearBias);
}

/// A bias, or what BatchNorm trains: timm's rule goes by the number of dimensions.
inline bool is_vector(const Segment& segment) {
  return segment.shape.size() <= 1;
}

}  // namespace ablate::ingredients
