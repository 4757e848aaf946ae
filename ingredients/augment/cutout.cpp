#include <algorithm>

#include "ingredients/augment/hole.h"
#include "ingredients/augment/refusals.h"
#include "ingredients/counting.h"

namespace ablate::ingredients {
namespace {

/// The square around a centre, clipped to the image.
ImageBox square_around(int y, int x, int side, int height, int width) {
  const auto span = [side](int centre, int size) {
    return std::pair{std::max(0, centre - side / 2), std::min(size, centre + (side + 1) / 2)};
  };
  const auto [top, bottom] = span(y, height);
  const auto [left, right] = span(x, width);
  return {top, left, bottom - top, right - left};
}

class Cutout final : public Counting {
 public:
  struct Params {
    int side = 16;
    std::string fill = "mean";
  };
  explicit Cutout(const Params& p) : Counting("images"), p_(p) {}

  void begin(Setup& setup) override {
    stream_ = setup.stream(setup.name());
    fill_.emplace(p_.fill, setup.data());
  }
  void transform_batch(Batch& batch, const Progress& at) override {
    if (p_.side == 0) return;
    auto draw = stream_->at(std::uint32_t(at.epoch), std::uint64_t(at.step));
    auto images = batch.images.accessor<float, 4>();
    const int height = int(images.size(2)), width = int(images.size(3));
    for (std::int64_t i = 0; i < images.size(0); ++i) {
      const int y = int(draw.below(std::uint32_t(height))), x = int(draw.below(std::uint32_t(width)));
      fill_->fill(images[i], square_around(y, x, p_.side, height, width), draw);
      count();
    }
  }

 private:
  Params p_;
  std::optional<Stream> stream_;
  std::optional<HoleFill> fill_;
};

std::vector<std::string> cutout_refusals(const nlohmann::json&, const RecipeView& recipe) {
  auto reasons = refuse_two_holes(recipe, "cutout");
  append_reasons(reasons, refuse_hole_beside_augmix(recipe, "cutout"));
  return reasons;
}

}  // namespace

IngredientEntry augment_cutout() {
  using P = Cutout::Params;
  return describe<Cutout>(
      {.name = "augment.cutout",
       .stage = Stage::Erase,
       .doc = "Fill a square of every image, around a random centre and clipped.",
       .source = "DeVries and Taylor 2017, arXiv:1708.04552",
       .interactions = "Comes after every policy and before `mix`: holes are mixed, and teachers see them. "
                       "`side` is in pixels and does not shrink with the images of `curriculum.progressive`.",
       .neutral = {nlohmann::json::object({{"side", 0}})},
       .counters = {"images"},
       .refuses = cutout_refusals},
      Fields<P>{}
          .add("side", &P::side, at_least(0), "side of the square in pixels",
               "the paper's for CIFAR-10; 8 for CIFAR-100")
          .add("fill", &P::fill, one_of({"mean", "black"}), "the mean of the data, or black",
               "mean: the authors put 0 after normalisation"));
}

}  // namespace ablate::ingredients
