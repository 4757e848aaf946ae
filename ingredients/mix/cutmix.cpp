#include <optional>

#include <ATen/ops/slice.h>

#include "ingredients/counting.h"
#include "ingredients/mix/mixing.h"

namespace ablate::ingredients {
namespace {

/// A copy of images [N, 3, H, W] with the box taken from the partners.
at::Tensor pasted(const at::Tensor& images, const at::Tensor& partners, const Box& box) {
  const auto inside = [&](const at::Tensor& t) {
    return t.slice(2, box.top, box.bottom).slice(3, box.left, box.right);
  };
  auto result = images.clone();
  inside(result).copy_(inside(partners));
  return result;
}

class CutMix final : public Counting {
 public:
  struct Params {
    double alpha = 1;
    double probability = 0.5;
    std::string rounding = "half_down";
  };
  explicit CutMix(const Params& p) : Counting("batches"), p_(p) {}

  void begin(Setup& setup) override { stream_ = setup.stream(setup.name()); }
  void transform_batch(Batch& batch, const Progress& at) override {
    if (p_.alpha == 0) return;
    auto draw = stream_->at(at.epoch, at.step);
    if (!draw.chance(p_.probability)) return;
    const double lambda = draw.beta(p_.alpha, p_.alpha);
    const int height = int(batch.images.size(2)), width = int(batch.images.size(3));
    const int centre_y = int(draw.below(height)), centre_x = int(draw.below(width));
    const auto box = cut_box(height, width, lambda, centre_y, centre_x, p_.rounding == "half_up");
    if (box.empty()) return;
    batch.images = pasted(batch.images, reversed(batch.images, batch.views), box);
    batch.targets = blended(batch.targets, reversed(batch.targets, 1), share_outside(box, height, width));
    count();
  }

 private:
  Params p_;
  std::optional<Stream> stream_;
};

}  // namespace

IngredientEntry mix_cutmix() {
  using P = CutMix::Params;
  return describe<CutMix>(
      {.name = "mix.cutmix",
       .stage = Stage::Mix,
       .doc = "Paste a box of the sample at the mirrored place of the batch, and mix the targets by area.",
       .source = "Yun et al. 2019, arXiv:1905.04899",
       .neutral = {nlohmann::json::object({{"alpha", 0.0}}), nlohmann::json::object({{"probability", 0.0}})},
       .counters = {"batches"},
       .refuses = mix_refusals},
      Fields<P>{}
          .add("alpha", &P::alpha, between(0, 100),
               "the share outside the box is drawn from Beta(alpha, alpha)")
          .add("probability", &P::probability, between(0, 1), "that a batch is mixed",
               "the authors' CIFAR setting")
          .add("rounding", &P::rounding, one_of({"half_down", "half_up"}),
               "a box of odd side loses its last pixel (the authors' code) or keeps it (timm)"));
}

}  // namespace ablate::ingredients
