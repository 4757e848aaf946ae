#include "ingredients/augment/hole.h"
#include "ingredients/augment/refusals.h"
#include "ingredients/counting.h"

namespace ablate::ingredients {
namespace {

class RandomErasing final : public Counting {
 public:
  struct Params {
    double probability = 0.25;
    std::vector<double> area{0.02, 1.0 / 3};
    std::vector<double> ratio{0.3, 1 / 0.3};
    int boxes = 1;
    std::string fill = "noise";
  };
  explicit RandomErasing(const Params& p) : Counting("images"), p_(p), range_{p.area, p.ratio} {
    for (auto& share : range_.area) share /= p.boxes;
  }

  void begin(Setup& setup) override {
    stream_ = setup.stream(setup.name());
    fill_.emplace(p_.fill, setup.data());
  }
  void plan_epoch(EpochPlan& plan, const Progress&) override { strength_ = plan.strength; }
  void transform_batch(Batch& batch, const Progress& at) override {
    auto draw = stream_->at(std::uint32_t(at.epoch), std::uint64_t(at.step));
    auto images = batch.images.accessor<float, 4>();
    for (std::int64_t i = 0; i < images.size(0); ++i)
      if (draw.chance(p_.probability * strength_)) count(erase(images[i], draw));
  }

 private:
  /// False when no box fitted.
  bool erase(at::TensorAccessor<float, 3> image, Draw& draw) const {
    bool erased = false;
    for (int i = 0; i < p_.boxes; ++i) {
      const auto box = draw_erased(int(image.size(1)), int(image.size(2)), range_, draw);
      if (box) fill_->fill(image, *box, draw);
      erased = erased || box;
    }
    return erased;
  }

  Params p_;
  BoxRange range_;
  std::optional<Stream> stream_;
  std::optional<HoleFill> fill_;
  double strength_ = 1;
};

std::vector<std::string> erasing_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  auto reasons = refuse_two_holes(recipe, "erasing");
  append_reasons(reasons, refuse_hole_beside_augmix(recipe, "erasing"));
  append_reasons(reasons, refuse_reversed(settings, "area"));
  append_reasons(reasons, refuse_reversed(settings, "ratio"));
  return reasons;
}

}  // namespace

IngredientEntry augment_erasing() {
  using P = RandomErasing::Params;
  return describe<RandomErasing>(
      {.name = "augment.erasing",
       .stage = Stage::Erase,
       .doc = "Fill a box of random area and shape in some of the images.",
       .source = "Zhong et al. 2020, arXiv:1708.04896",
       .formula = "box of a = U(area) H W / boxes pixels and log r ~ U(log ratio[0], log ratio[1]): height "
                  "sqrt(a r), width sqrt(a / r), ten tries",
       .interactions = "Comes after every policy and before `mix`: boxes are mixed, and teachers see them. "
                       "With `fill` noise or colour pixels leave 0 to 1. `probability` follows the strength "
                       "of `curriculum.progressive`.",
       .neutral = {nlohmann::json::object({{"probability", 0.0}})},
       .counters = {"images"},
       .refuses = erasing_refusals},
      Fields<P>{}
          .add("probability", &P::probability, between(0, 1), "that an image is erased from",
               "0.25, as timm's recipes; torchvision's default is 0.5")
          .add("area", &P::area, each(between(0, 1), 2), "smallest and largest share of the area",
               "timm and torchvision; the paper ends at 0.4")
          .add("ratio", &P::ratio, each(between(0.01, 100), 2), "smallest and largest height : width",
               "0.3 and its inverse; torchvision ends at 3.3")
          .add("boxes", &P::boxes, between(1, 16), "boxes an image, which share the area",
               "one; timm's count")
          .add("fill", &P::fill, one_of({"noise", "colour", "mean", "black"}),
               "normal noise, one normal colour a box, the mean of the data, or black",
               "noise: timm's pixel mode and torchvision's random; mean is torchvision's 0 after "
               "normalisation"));
}

}  // namespace ablate::ingredients
