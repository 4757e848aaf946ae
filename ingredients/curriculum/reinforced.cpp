#include <array>

#include <fmt/format.h>

#include "ingredients/counting.h"

namespace ablate::ingredients {
namespace {

class Reinforced final : public Counting {
 public:
  struct Params {
    int views = 8;
    int top = 10;
    int seed = 1;
  };
  explicit Reinforced(const Params& p) : Counting("batches"), p_(p) {}

  std::optional<std::uint64_t> image_seed() const override { return std::uint64_t(p_.seed); }
  void begin(Setup& setup) override { setup.keep_views(p_.views, p_.top); }
  void plan_epoch(EpochPlan& plan, const Progress& at) override { plan.draws = at.epoch % p_.views; }
  void transform_batch(Batch&, const Progress&) override { count(); }

 private:
  Params p_;
};

/// What a view does not fix: it depends on the step, on the epoch, or on other images.
std::vector<std::string> changes_after_the_view(const RecipeView& recipe) {
  std::vector<std::string> reasons;
  const std::array<std::array<const char*, 3>, 5> kOthers{
      {{"augment", "erasing", "its boxes are drawn anew at every step"},
       {"augment", "cutout", "its boxes are drawn anew at every step"},
       {"augment", "augmix", "it shows several views of an image at once"},
       {"augment", "repeated", "it shows several views of an image in an epoch"},
       {"curriculum", "progressive", "it shows images at other sizes"}}};
  for (const auto& [family, name, why] : kOthers)
    if (recipe.on(family, name))
      reasons.push_back(
          fmt::format("{}.{} is on, and {}: what a teacher said of a stored view would not be of "
                      "what is shown; switch one of them off",
                      family, name, why));
  if (recipe.has("mix"))
    reasons.push_back(
        "mix is on: what a teacher says of single images is stored, not what it would say of mixtures; "
        "switch "
        "one of them off");
  return reasons;
}

std::vector<std::string> reinforced_refusals(const nlohmann::json&, const RecipeView& recipe) {
  auto reasons = changes_after_the_view(recipe);
  const auto augment = recipe.recipe.find("augment");
  if (augment == recipe.recipe.end() || !augment->is_object()) return reasons;
  const nlohmann::json throughout{0.0, 1.0};
  for (const auto& [name, settings] : augment->items())
    if (settings.value("active", throughout) != throughout)
      reasons.push_back(
          fmt::format("augment.{} is active in a part of training only, so a view would not stay "
                      "the same; take its `active` out",
                      name));
  return reasons;
}

}  // namespace

IngredientEntry curriculum_reinforced() {
  using P = Reinforced::Params;
  return describe<Reinforced>(
      {.name = "curriculum.reinforced",
       .stage = Stage::Curriculum,
       .doc = "Show each image in a few fixed views, one an epoch in turn and the same for every seed; what "
              "teachers say of them is computed once and kept small.",
       .source = "Faghri et al. 2023, arXiv:2303.08983 (dataset reinforcement); Shen and Xing 2022, "
                 "arXiv:2112.01528 (FKD)",
       .formula =
           "kept of p = softmax(z_t): log p of the top largest and log(1 - their sum), in half precision; "
           "the other K - top classes share that remainder evenly",
       .interactions = "Every distillation on logits learns from what was kept; one that looks at maps asks "
                       "its teacher at "
                       "every step. Seeds then share their pixels and differ in initial weights and order, "
                       "so their spread "
                       "is smaller. Teachers that are files of stored outputs need it.",
       .no_neutral = "crops and colours come from its own seed, whatever the number of views",
       .no_window = "an image has as many views in the last epoch as in the first",
       .counters = {"batches"},
       .trial = {{"views", 1}, {"seed", 2}},
       .refuses = reinforced_refusals},
      Fields<P>{}
          .add("views", &P::views, between(1, 10000), "fixed views of each image",
               "8, as many epochs before an image looks the same again; FKD stores 500 crops of ImageNet")
          .add("top", &P::top, between(1, 1000), "classes whose probability is kept",
               "10, all that CIFAR-10 has; FKD keeps 5 of 1000")
          .add("seed", &P::seed, between(0, 1000000), "of crops, flips and colours, instead of the run's"));
}

}  // namespace ablate::ingredients
