#pragma once

#include <string>

#include "harness/core/params.h"
#include "harness/graph/graph.h"

namespace ablate::backbones {

/// The values of a `stem` parameter.
inline Range stem_choices() {
  return one_of({"auto", "imagenet", "cifar"});
}

inline constexpr char kStemDoc[] =
    "how fast the first layers shrink the image: imagenet as published, cifar for small images; auto is "
    "cifar below 64 px";

/// True when the network is to be built for small images.
inline bool small_stem(const std::string& stem, const Input& input) {
  return stem == "cifar" || (stem == "auto" && input.height < 64 && input.width < 64);
}

}  // namespace ablate::backbones
