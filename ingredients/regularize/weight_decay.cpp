#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "ingredients/optimizer/chosen.h"
#include "ingredients/segments.h"

namespace ablate::ingredients {
namespace {

/// Which tensors the optimizer's weight decay reaches, and how it changes over training.
class WeightDecay final : public Ingredient {
 public:
  struct Params {
    bool norm_and_bias = false;
    bool depthwise = true;
    bool head = true;
    std::string anneal = "none";
    double floor = 0;
  };
  explicit WeightDecay(const Params& p) : p_(p) {}

  void group(ParameterSet& set) override {
    for (std::size_t i = 0; i < set.segments->size(); ++i) {
      if (reaches(set, (*set.segments)[i])) continue;
      set.decay_scale.at(i) = 0;
      ++excluded_;
    }
  }
  void schedule(Rates& rates, const Progress& at) override {
    if (p_.anneal == "none") return;
    const double share = double(at.global_step()) / double(at.total_steps());
    const double left = p_.anneal == "cosine" ? 0.5 * (1 + std::cos(std::numbers::pi * share)) : 1 - share;
    rates.weight_decay_factor *= p_.floor + (1 - p_.floor) * left;
    ++annealed_;
  }

  void save(Archive& archive) const override { archive.values["annealed"] = annealed_; }
  void load(const Archive& archive) override { annealed_ = archive.values.at("annealed"); }
  Counters counters() const override {
    return {{"tensors_excluded", double(excluded_)}, {"steps_annealed", double(annealed_)}};
  }

 private:
  bool reaches(const ParameterSet& set, const Segment& segment) const {
    if (is_vector(segment)) return p_.norm_and_bias;
    if (is_depthwise(segment)) return p_.depthwise;
    return p_.head || !is_head(set, segment);
  }

  Params p_;
  std::int64_t excluded_ = 0, annealed_ = 0;
};

std::vector<std::string> weight_decay_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  std::vector<std::string> reasons;
  const auto optimizer = chosen_optimizer(recipe);
  if (optimizer && optimizer->settings.value("weight_decay", 1.0) == 0 &&
      optimizer->settings.value("rest_weight_decay", 0.0) == 0)
    reasons.push_back(
        fmt::format("optimizer.{} has no weight decay; give it one, or leave this out", optimizer->name));
  if (settings.at("anneal") == "none" && settings.at("floor") != 0)
    reasons.push_back("floor does nothing without annealing; set anneal, or leave floor out");
  return reasons;
}

}  // namespace

IngredientEntry regularize_weight_decay() {
  using P = WeightDecay::Params;
  return describe<WeightDecay>(
      {.name = "regularize.weight_decay",
       .stage = Stage::Gradient,
       .doc = "What the optimizer's weight decay reaches, and how it falls over training.",
       .source = "He et al. 2019, \"Bag of tricks\", arXiv:1812.01187; timm's parameter groups",
       .formula = "the optimizer's decay * s; anneal cosine: s = floor + (1 - floor) (1 + cos(pi t / n)) / 2 "
                  "at step t of n, linear: s = floor + (1 - floor) (1 - t / n)",
       .interactions =
           "`optimizer.lamb` gives a tensor without decay no trust ratio either, which changes the length of "
           "its step. Decoupled decay goes with the rate already: annealing comes on top of the schedule. "
           "Decay acts on each branch of `reparam`, so what it does to the folded kernel depends on their "
           "number. Reaches what distillation trains along as well.",
       .neutral = {nlohmann::json::object(
           {{"norm_and_bias", true}, {"depthwise", true}, {"head", true}, {"anneal", "none"}})},
       .no_window = "what decay reaches is decided once, before training",
       .counters = {"tensors_excluded", "steps_annealed"},
       .refuses = weight_decay_refusals},
      Fields<P>{}
          .add("norm_and_bias", &P::norm_and_bias, any(), "decay BatchNorm's weights and all biases",
               "no: arXiv:1812.01187, timm; LAMB then gives them no trust ratio")
          .add("depthwise", &P::depthwise, any(), "decay depthwise kernels",
               "yes: timm; MobileNet recipes differ")
          .add("head", &P::head, any(), "decay the classifier's weight", "yes: timm")
          .add("anneal", &P::anneal, one_of({"none", "cosine", "linear"}),
               "how decay falls over training, step by step", "none; cosine: MobileOne, arXiv:2206.04040")
          .add("floor", &P::floor, between(0, 1), "share of the decay at which annealing ends",
               "none is left"));
}

}  // namespace ablate::ingredients
