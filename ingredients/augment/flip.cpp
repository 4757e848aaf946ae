#include "harness/data/image_operations.h"
#include "ingredients/augment/augmentation.h"

namespace ablate::ingredients {
namespace {

class RandomFlip final : public Augmentation {
 public:
  struct Params {
    double probability = 0.5;
    std::string mode = "random";
  };
  explicit RandomFlip(const Params& p) : p_(p) {}

  bool augments() const override { return p_.probability > 0 || alternates(); }
  void augment(Image& image, const SampleAt& at) const override {
    auto draw = draw_for(at, alternates() ? 0 : at.epoch);
    const bool turned = alternates() && at.epoch % 2 == 1;
    if (draw.chance(p_.probability) != turned) flip_horizontal(image);
  }

 private:
  bool alternates() const { return p_.mode == "alternating"; }

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
       .interactions = "`mode` alternating shows both sides in two epochs only where both show the image: "
                       "`augment.repeated` shows other images in each.",
       .neutral = {nlohmann::json::object({{"probability", 0.0}, {"mode", "random"}})},
       .counters = {"batches"}},
      Fields<P>{}
          .add("probability", &P::probability, between(0, 1), "that an image is mirrored", "torchvision")
          .add("mode", &P::mode, one_of({"random", "alternating"}),
               "random: drawn in every epoch; alternating: drawn in the first, then the other way round in "
               "every "
               "further one, so that two epochs show both",
               "random, as torchvision; alternating: Jordan 2024, arXiv:2404.00498"));
}

}  // namespace ablate::ingredients
