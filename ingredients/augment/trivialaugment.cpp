#include "ingredients/augment/augmentation.h"
#include "ingredients/augment/convention.h"
#include "ingredients/augment/refusals.h"

namespace ablate::ingredients {
namespace {

class TrivialAugment final : public Augmentation {
 public:
  struct Params : SamplingParams {};
  explicit TrivialAugment(const Params& p) : sampling_(false, p) {}

  bool augments() const override { return true; }
  void augment(Image& image, const SampleAt& at) const override {
    auto draw = draw_for(at);
    const auto operations = torchvision_operations();
    const auto operation = operations[draw.below(std::uint32_t(operations.size()))];
    const auto bin = draw.below(std::uint32_t(kTrivialAugmentSpace.bins));
    apply_torchvision(image, operation, bin, kTrivialAugmentSpace, sampling_, draw);
  }

 private:
  SamplingChoice sampling_;
};

}  // namespace

IngredientEntry augment_trivialaugment() {
  Fields<TrivialAugment::Params> fields;
  return describe<TrivialAugment>(
      {.name = "augment.trivialaugment",
       .stage = Stage::Augment,
       .doc = "One operation an image, as strong as chance has it (the wide space, as torchvision).",
       .source = "Mueller and Hutter 2021, arXiv:2103.10158",
       .formula = "bin ~ U{0, ..., 30}, one operation of 14",
       .interactions =
           "Acts after `augment.color_jitter`. Does not follow the strength of `curriculum.progressive`.",
       .no_neutral = "it has nothing to tune: every image gets an operation",
       .counters = {"batches"},
       .refuses = [](const auto&,
                     const RecipeView& recipe) { return refuse_two_policies(recipe, "trivialaugment"); }},
      add_sampling(fields));
}

}  // namespace ablate::ingredients
