#pragma once

#include <algorithm>
#include <cstdint>

namespace ablate {

/// The byte nearest to a value of 0..255, or the end of the range that the value lies beyond.
inline std::uint8_t rounded_byte(double value) {
  return std::uint8_t(std::clamp(value, 0.0, 255.0) + 0.5);
}

}  // namespace ablate
