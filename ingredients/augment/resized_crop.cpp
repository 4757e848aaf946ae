#include "harness/data/image_operations.h"
#include "ingredients/augment/augmentation.h"
#include "ingredients/augment/boxes.h"
#include "ingredients/augment/refusals.h"

namespace ablate::ingredients {
namespace {

class ResizedCrop final : public Augmentation {
 public:
  struct Params {
    std::vector<double> scale{0.08, 1};
    std::vector<double> ratio{3.0 / 4, 4.0 / 3};
    std::string interpolation = "bilinear";
  };
  explicit ResizedCrop(const Params& p) : range_{p.scale, p.ratio}, interpolation_(p.interpolation) {}

  bool crops() const override { return true; }
  void crop(Image& image, int size, const SampleAt& at) const override {
    auto draw = draw_for(at);
    const auto box = draw_crop(image.height, image.width, range_, draw);
    const bool cubic = interpolation_ == "bicubic" || (interpolation_ == "random" && draw.chance(0.5));
    image = resized(cropped(image, box.top, box.left, box.height, box.width), size, size,
                    cubic ? Filter::Cubic : Filter::Triangle);
  }

 private:
  BoxRange range_;
  std::string interpolation_;
};

std::vector<std::string> resized_crop_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  auto reasons = refuse_two_crops(recipe, "resized_crop");
  append_reasons(reasons, refuse_reversed(settings, "scale"));
  append_reasons(reasons, refuse_reversed(settings, "ratio"));
  return reasons;
}

}  // namespace

IngredientEntry augment_resized_crop() {
  using P = ResizedCrop::Params;
  Range share = between(0, 1), ratio = between(0.01, 100);
  share.open_low = true;
  return describe<ResizedCrop>(
      {.name = "augment.resized_crop",
       .stage = Stage::Crop,
       .doc = "Cut a box of random area and shape out of the image as stored and resize it, "
              "antialiased.",
       .source = "Szegedy et al. 2015, arXiv:1409.4842; torchvision's RandomResizedCrop",
       .formula = "box of a = U(scale) H W pixels and log r ~ U(log ratio[0], log ratio[1]): width sqrt(a "
                  "r), height sqrt(a / r); the middle of the image after ten tries that do not fit",
       .interactions = "Things look larger in training than in evaluation, which cuts the middle of the "
                       "whole image; `curriculum.test_size` makes up for that.",
       .no_neutral = "without it images are prepared as for evaluation, which no box reproduces",
       .counters = {"batches"},
       .refuses = resized_crop_refusals},
      Fields<P>{}
          .add("scale", &P::scale, each(share, 2), "smallest and largest share of the area",
               "the usual one; MobileNetV2 with small budgets takes 0.2 to 1")
          .add("ratio", &P::ratio, each(ratio, 2), "smallest and largest width : height")
          .add("interpolation", &P::interpolation, one_of({"bilinear", "bicubic", "random"}),
               "filter of the resize; random: one of the two, drawn for each image",
               "bilinear, as torchvision; timm draws"));
}

}  // namespace ablate::ingredients
