#pragma once

#include <cstdint>
#include <vector>

#include "harness/train/scores.h"
#include "harness/train/training.h"

namespace ablate::training {

/// A network with weights to evaluate it with.
struct Contender {
  Network* network = nullptr;
  const Weights* weights = nullptr;
  int twin = -1;      // index of the contender whose logits it should equal, or -1
  bool flip = false;  // the mean of the logits of each image and its mirror image
};

struct Evaluated {
  Scores scores;
  double difference = 0;  // largest |logit - twin's logit|
};

/// Every contender on the images `ids`, which are read once.
std::vector<Evaluated> evaluate(const Training& training, const std::vector<std::uint32_t>& ids,
                                const std::vector<Contender>& contenders);

/// As delivered: a copy of the raw weights.
Variant raw_variant(Training& training);
/// As delivered: every average that has weights by now.
std::vector<Variant> average_variants(const Training& training);

}  // namespace ablate::training
