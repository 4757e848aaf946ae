#include <optional>

#include "ingredients/counting.h"
#include "ingredients/mix/mixing.h"

namespace ablate::ingredients {
namespace {

class Mixup final : public Counting {
 public:
  struct Params {
    double alpha = 0.2;
    double probability = 1;
  };
  explicit Mixup(const Params& p) : Counting("batches"), p_(p) {}

  void begin(Setup& setup) override { stream_ = setup.stream(setup.name()); }
  void transform_batch(Batch& batch, const Progress& at) override {
    if (p_.alpha == 0) return;
    auto draw = stream_->at(at.epoch, at.step);
    if (!draw.chance(p_.probability)) return;
    const double lambda = draw.beta(p_.alpha, p_.alpha);
    batch.images = blended(batch.images, reversed(batch.images, batch.views), lambda);
    batch.targets = blended(batch.targets, reversed(batch.targets, 1), lambda);
    count();
  }

 private:
  Params p_;
  std::optional<Stream> stream_;
};

}  // namespace

IngredientEntry mix_mixup() {
  using P = Mixup::Params;
  return describe<Mixup>(
      {.name = "mix.mixup",
       .stage = Stage::Mix,
       .doc = "Blend each image and its target with those of the sample at the mirrored place of the batch.",
       .source = "Zhang et al. 2018, arXiv:1710.09412",
       .neutral = {nlohmann::json::object({{"alpha", 0.0}}), nlohmann::json::object({{"probability", 0.0}})},
       .counters = {"batches"},
       .refuses = mix_refusals},
      Fields<P>{}
          .add("alpha", &P::alpha, between(0, 100),
               "the share of each sample's own image is drawn from Beta(alpha, alpha)",
               "between the 0.1 and 0.4 of the paper's ImageNet runs")
          .add("probability", &P::probability, between(0, 1), "that a batch is mixed"));
}

}  // namespace ablate::ingredients
