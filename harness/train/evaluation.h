#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "harness/train/scores.h"
#include "harness/train/training.h"
#include "ingredients/attack.h"

namespace ablate::training {

/// The images of a batch as an attack leaves them, which may ask what the network answers to any.
using BatchAttack = std::function<at::Tensor(const Batch&, const Answer&)>;

/// A network with weights to evaluate it with.
struct Contender {
  Network* network = nullptr;
  const Weights* weights = nullptr;
  int twin = -1;            // index of the contender whose logits it should equal, or -1
  bool flip = false;        // the mean of the logits of each image and its mirror image
  BatchAttack attack = {};  // before it is asked
  bool keep = false;        // its logits
};

struct Evaluated {
  Scores scores;
  double difference = 0;  // largest |logit - twin's logit|
  at::Tensor logits;      // [images, classes], where they are kept
};

/// Every contender on the images `ids`, which are read once; `transform` changes them where it is not null.
std::vector<Evaluated> evaluate(const Training& training, const std::vector<std::uint32_t>& ids,
                                const std::vector<Contender>& contenders,
                                const ImageTransform& transform = {});

/// As delivered: a copy of the raw weights.
Variant raw_variant(Training& training);
/// As delivered: what ingredients have beside the raw weights (averages, a core), where it has begun.
std::vector<Variant> further_variants(const Training& training);

/// A variant and the runs whose result it is.
struct Reported {
  const Variant* variant;
  std::vector<std::string> runs;
};
/// Every reported variant once, with the runs of all groups that report it. Points into `variants`.
std::vector<Reported> reported_variants(const Training& training, const std::vector<Variant>& variants);

}  // namespace ablate::training
