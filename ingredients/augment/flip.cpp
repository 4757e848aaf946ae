#include "harness/data/image_operations.h"
#include "ingredients/augment/augmentation.h"

namespace ablate::ingredients {
namespace {

class RandomFlip final : public Augmentation {
 public:
  struct Params {
    double probability = 0.5;
  };
  explicit RandomFlip(const Params& p) : p_(p) {}

  bool augments() const override { return p_.probability > 0; }
  void augment(Image& image, const SampleAt& at) const override {
    auto draw = draw_for(at);
    if (draw.chance(p_.probability)) flip_horizontal(image);
  }

 private:
  Params p_;
};

}  // namespace

IngredientEntry augment_flip() {
  using P = RandomFlip::Params;
  return describe<RandomFlip>(
      {.name = "augment.flip",
       .stage = Stage::Flip,
       .doc = "Mirror the image left to right.",
       .source = "Krizhevsky, Sutskever, Hinton 2012, section 4.1",
       .neutral = {nlohmann::json::object({{"probability", 0.0}})},
       .counters = {"batches"}},
      Fields<P>{}.add("probability", &P::probability, between(0, 1), "that an image is mirrored"));
}

}  // namespace ablate::ingredients
