#include "harness/data/image_operations.h"
#include "ingredients/augment/augmentation.h"
#include "ingredients/augment/refusals.h"

namespace ablate::ingredients {
namespace {

class RandomCrop final : public Augmentation {
 public:
  struct Params {
    int padding = 4;
    std::string border = "zero";
  };
  explicit RandomCrop(const Params& p) : p_(p) {}

  bool augments() const override { return p_.padding > 0; }
  void augment(Image& image, const SampleAt& at) const override {
    auto draw = draw_for(at);
    const std::uint32_t places = 2 * p_.padding + 1;
    const int top = int(draw.below(places)), left = int(draw.below(places));
    pad_crop(image, p_.padding, top, left, p_.border == "zero" ? Border::Black : Border::Reflect);
  }

 private:
  Params p_;
};

}  // namespace

IngredientEntry augment_crop() {
  using P = RandomCrop::Params;
  return describe<RandomCrop>(
      {.name = "augment.crop",
       .stage = Stage::Crop,
       .doc = "Pad the image and cut out a window of its old size at a random place.",
       .source = "He et al. 2016, arXiv:1512.03385, section 4.2",
       .interactions = "`padding` is in pixels of the training image and does not shrink with the images of "
                       "`curriculum.progressive`.",
       .neutral = {nlohmann::json::object({{"padding", 0}})},
       .counters = {"batches"},
       .refuses = [](const auto&, const RecipeView& recipe) { return refuse_two_crops(recipe, "crop"); }},
      Fields<P>{}
          .add("padding", &P::padding, between(0, 64), "pixels added on each side")
          .add("border", &P::border, one_of({"zero", "reflect"}), "what is added",
               "zero, as torchvision's RandomCrop; airbench reflects"));
}

}  // namespace ablate::ingredients
