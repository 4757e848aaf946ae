#include <algorithm>

#include "ingredients/augment/augmentation.h"
#include "ingredients/augment/convention.h"
#include "ingredients/augment/policy.h"
#include "ingredients/augment/refusals.h"

namespace ablate::ingredients {
namespace {

class AutoAugment final : public Augmentation {
 public:
  struct Params : SamplingParams {
    std::string policy = "cifar10";
    double magnitude_std = 0;
  };
  explicit AutoAugment(const Params& p)
      : p_(p), policy_(policy_of(p.policy)), sampling_(policy_.scale.has_value(), p) {}

  bool augments() const override { return true; }
  void augment(Image& image, const SampleAt& at) const override {
    auto draw = draw_for(at);
    for (const auto& step : policy_.pairs[draw.below(std::uint32_t(policy_.pairs.size()))])
      if (draw.chance(step.probability)) take(step, image, draw);
  }

 private:
  void take(const PolicyStep& step, Image& image, Draw& draw) const {
    if (!policy_.scale)
      return apply_torchvision(image, step.operation, step.level, kAutoAugmentSpace, sampling_, draw);
    const double spread = p_.magnitude_std > 0 ? p_.magnitude_std * draw.normal() : 0;
    apply_timm(image, step.operation, std::clamp(step.level + spread, 0.0, 10.0), *policy_.scale, sampling_,
               draw);
  }

  Params p_;
  const Policy& policy_;
  SamplingChoice sampling_;
};

std::vector<std::string> autoaugment_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  auto reasons = refuse_two_policies(recipe, "autoaugment");
  if (!policy_of(settings.at("policy")).scale && settings.at("magnitude_std") > 0)
    reasons.push_back("this policy has torchvision's fixed magnitudes; leave magnitude_std at 0");
  return reasons;
}

std::vector<std::string> policy_names() {
  std::vector<std::string> names;
  for (const auto& policy : policies()) names.push_back(policy.name);
  return names;
}

}  // namespace

IngredientEntry augment_autoaugment() {
  using P = AutoAugment::Params;
  Fields<P> fields;
  fields
      .add("policy", &P::policy, one_of(policy_names()),
           "which table; cifar10 and imagenet_torchvision with torchvision's magnitudes, imagenet_original "
           "and "
           "imagenet_v0 (the TPU code's) with timm's",
           "the policy found on CIFAR-10")
      .add("magnitude_std", &P::magnitude_std, at_least(0), "spread of each level around the table's",
           "0, the paper's; timm's tables only");
  return describe<AutoAugment>(
      {.name = "augment.autoaugment",
       .stage = Stage::Augment,
       .doc = "One of 25 pairs of operations that a search found.",
       .source = "Cubuk et al. 2019, arXiv:1805.09501",
       .interactions = "Acts before `augment.color_jitter`, which timm would switch off beside a policy and "
                       "which here acts too. Does not follow the strength of `curriculum.progressive`.",
       .no_neutral = "the tables say how often and how strongly operations act",
       .counters = {"batches"},
       .refuses = autoaugment_refusals},
      add_sampling(fields));
}

}  // namespace ablate::ingredients
