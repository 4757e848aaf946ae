#pragma once

#include <limits>

#include "harness/kernels/maps.h"

namespace ablate::kernels {

/// What an activation lets through as it is: None, Relu or Relu6 is min(max(z, low), high).
struct Bounds {
  explicit Bounds(Act act)
      : low(act == Act::None ? -kInfinity : 0), high(act == Act::Relu6 ? 6 : kInfinity) {}

  float low, high;

 private:
  static constexpr float kInfinity = std::numeric_limits<float>::infinity();
};

}  // namespace ablate::kernels
