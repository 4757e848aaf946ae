#include <algorithm>
#include <cmath>

#include "ingredients/augment/augmentation.h"
#include "ingredients/augment/convention.h"
#include "ingredients/augment/refusals.h"

namespace ablate::ingredients {
namespace {

class RandAugment final : public Augmentation {
 public:
  struct Params : SamplingParams {
    std::string convention = "timm";
    int layers = 2;
    double magnitude = 9;
    std::optional<double> probability;
    std::optional<double> magnitude_std;
    bool increasing = true;
  };
  explicit RandAugment(const Params& p)
      : p_(p),
        timm_(p.convention == "timm"),
        probability_(p.probability.value_or(timm_ ? 0.5 : 1)),
        spread_(p.magnitude_std.value_or(timm_ ? 0.5 : 0)),
        sampling_(timm_, p) {}

  bool augments() const override { return p_.layers > 0 && probability_ > 0; }
  void augment(Image& image, const SampleAt& at) const override {
    auto draw = draw_for(at);
    const auto operations = timm_ ? timm_operations() : torchvision_operations();
    for (int layer = 0; layer < p_.layers; ++layer) {
      const auto operation = operations[draw.below(std::uint32_t(operations.size()))];
      if (probability_ < 1 && !draw.chance(probability_)) continue;
      const double magnitude = drawn_magnitude(draw);
      if (timm_)
        apply_timm(image, operation, magnitude, p_.increasing ? TimmScale::Increasing : TimmScale::Plain,
                   sampling_, draw);
      else
        apply_torchvision(image, operation, magnitude, kRandAugmentSpace, sampling_, draw);
    }
  }

 private:
  double drawn_magnitude(Draw& draw) const {
    const double off = spread_ > 0 ? spread_ * draw.normal() : 0;
    return std::clamp(p_.magnitude * strength() + off, 0.0, timm_ ? 10.0 : kRandAugmentSpace.bins - 1.0);
  }

  Params p_;
  bool timm_;
  double probability_, spread_;
  SamplingChoice sampling_;
};

std::vector<std::string> randaugment_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  auto reasons = refuse_two_policies(recipe, "randaugment");
  const bool timm = settings.at("convention") == "timm";
  if (timm && settings.at("magnitude") > 10)
    reasons.push_back(
        "timm's magnitudes end at 10; lower magnitude, or set convention to torchvision (0 to 30)");
  if (!timm && !settings.at("increasing").get<bool>())
    reasons.push_back("only timm has operations that grow weaker; leave increasing at true");
  return reasons;
}

}  // namespace

IngredientEntry augment_randaugment() {
  using P = RandAugment::Params;
  Fields<P> fields;
  fields
      .add("convention", &P::convention, one_of({"timm", "torchvision"}),
           "whose operations and magnitudes: timm has 15 and levels of 10, torchvision 14 and 31 bins",
           "timm: what recipes of compact networks write as rand-m9")
      .add("layers", &P::layers, between(0, 16), "operations an image", "timm and torchvision")
      .add("magnitude", &P::magnitude, between(0, 30), "how strong they are",
           "9, the paper's for small networks; a level of timm's, or a bin of torchvision's")
      .add("probability", &P::probability, between(0, 1), "that each of the drawn operations is carried out",
           "null: the convention's, 0.5 as timm, 1 as torchvision")
      .add("magnitude_std", &P::magnitude_std, at_least(0),
           "spread of the magnitude around its mean, drawn for each operation",
           "null: the convention's, 0.5 as recipes for timm have it, 0 as torchvision")
      .add("increasing", &P::increasing, any(),
           "every operation grows stronger with the magnitude; false: timm's older set, where posterize and "
           "solarize grow weaker",
           "true, timm's inc1");
  return describe<RandAugment>(
      {.name = "augment.randaugment",
       .stage = Stage::Augment,
       .doc = "A few operations drawn from a list, all equally strong.",
       .source = "Cubuk et al. 2020, arXiv:1909.13719",
       .formula = "level of each operation ~ N(magnitude, magnitude_std^2), clipped to 0..10 (timm) or 0..30 "
                  "(torchvision)",
       .interactions = "`magnitude` follows the strength of `curriculum.progressive`; with `increasing` "
                       "false a smaller one makes posterize and solarize stronger. Acts after "
                       "`augment.color_jitter`, which timm would switch off beside it.",
       .neutral = {nlohmann::json::object({{"layers", 0}}), nlohmann::json::object({{"probability", 0.0}})},
       .counters = {"batches"},
       .refuses = randaugment_refusals},
      add_sampling(fields));
}

}  // namespace ablate::ingredients
