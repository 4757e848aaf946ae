#include "ingredients/counting.h"

namespace ablate::ingredients {
namespace {

class RepeatedAugmentation final : public Counting {
 public:
  struct Params {
    int repeats = 3;
  };
  explicit RepeatedAugmentation(const Params& p) : Counting("batches"), p_(p) {}

  void plan_epoch(EpochPlan& plan, const Progress&) override {
    const auto each = std::size_t(p_.repeats);
    for (std::size_t i = plan.order.size(); i-- > 0;) plan.order[i] = plan.order[i / each];
  }
  void transform_batch(Batch&, const Progress&) override { count(p_.repeats > 1); }

 private:
  Params p_;
};

}  // namespace

IngredientEntry augment_repeated() {
  using P = RepeatedAugmentation::Params;
  return describe<RepeatedAugmentation>(
      {.name = "augment.repeated",
       .stage = Stage::Curriculum,
       .doc =
           "Show an image several times in a row, augmented anew each time; an epoch keeps its length, so it "
           "shows fewer images.",
       .source = "Hoffer et al. 2020, arXiv:1901.09335; Berman et al. 2019, arXiv:1902.05509",
       .interactions =
           "Copies of an image stand side by side in the batch: BatchNorm and losses that compare samples "
           "(`distill.similarity`, `distill.relational`, `distill.pkt`, `distill.dist`) see fewer different "
           "images, and with partner shifted `mix` blends most images with themselves.",
       .neutral = {nlohmann::json::object({{"repeats", 1}})},
       .counters = {"batches"}},
      Fields<P>{}.add("repeats", &P::repeats, between(1, 64), "times that an image is shown",
                      "DeiT; torchvision's recipes take 4"));
}

}  // namespace ablate::ingredients
