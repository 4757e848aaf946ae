#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "harness/kernels/values.h"

namespace ablate::kernels {

/// Normal random numbers as a map of either type, at a multiple of 64 bytes.
class Map {
 public:
  Map(std::int64_t count, Type type) : type_(type), memory_(count * bytes_of(type) + 64) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    const Values values = data();
    for (std::int64_t i = 0; i < count; ++i)
      if (type == Type::Float32)
        values.as<float>()[i] = normal(random);
      else
        values.as<BFloat16>()[i] = as_bfloat16(normal(random));
  }
  Values data() {
    return {memory_.data() + (64 - reinterpret_cast<std::uintptr_t>(memory_.data()) % 64) % 64, type_};
  }

 private:
  Type type_;
  std::vector<std::byte> memory_;
};

}  // namespace ablate::kernels
