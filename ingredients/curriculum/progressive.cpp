#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "ingredients/counting.h"

namespace ablate::ingredients {
namespace {

class Progressive final : public Counting {
 public:
  struct Params {
    double size_from = 0.5;
    double strength_from = 1;
    int stages = 4;
    double hold = 0.25;
    double full = 0.25;
    int multiple = 4;
  };
  explicit Progressive(const Params& p) : Counting("batches"), p_(p) {}

  void plan_epoch(EpochPlan& plan, const Progress& at) override {
    const double reached = double(stage(at.epoch, at.epochs)) / (p_.stages - 1);
    const double strength = p_.strength_from + (1 - p_.strength_from) * reached;
    const int size = size_at(plan.size, reached);
    acts_ = size != plan.size || strength != 1;
    plan.size = size;
    plan.strength *= strength;
  }
  void transform_batch(Batch&, const Progress&) override { count(acts_); }
  /// At a stage, as a share of the way to the last one.
  int size_at(int whole, double reached) const {
    if (reached == 1) return whole;
    const double size = whole * (p_.size_from + (1 - p_.size_from) * reached);
    const int rounded = p_.multiple * int(std::lround(size / p_.multiple));
    return std::clamp(rounded, std::min(p_.multiple, whole), whole);
  }

 private:
  /// The first, the last, or evenly one of those between; whole epochs as of a window.
  int stage(int epoch, int epochs) const {
    const int held = int(std::lround(p_.hold * epochs)), full = epochs - int(std::lround(p_.full * epochs));
    if (epoch >= full) return p_.stages - 1;
    if (epoch < held || p_.stages == 2) return 0;
    return 1 + (epoch - held) * (p_.stages - 2) / (full - held);
  }

  Params p_;
  bool acts_ = false;
};

/// What EpochPlan::strength reaches.
bool has_strength(const RecipeView& recipe) {
  constexpr std::array kAugmentations{"augmix", "color_jitter", "erasing", "randaugment"};
  return recipe.has("mix") || std::any_of(kAugmentations.begin(), kAugmentations.end(),
                                          [&](const char* name) { return recipe.on("augment", name); });
}

std::vector<std::string> progressive_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  std::vector<std::string> reasons;
  const double hold = settings.at("hold"), full = settings.at("full");
  if (hold + full > 1)
    reasons.push_back(
        fmt::format("hold {} and full {} are more than the whole training; lower one", hold, full));
  if (std::lround(full * double(recipe.epochs)) < 1)
    reasons.push_back(
        fmt::format("full {} of {} epochs is less than one, so the full size is never reached; "
                    "raise it or train longer",
                    full, recipe.epochs));
  if (settings.at("strength_from") != 1 && !has_strength(recipe))
    reasons.push_back(
        "strength_from reaches mix and augment.{augmix, color_jitter, erasing, randaugment}, and none is on; "
        "leave it at 1 or put one on");
  return reasons;
}

}  // namespace

IngredientEntry curriculum_progressive() {
  using P = Progressive::Params;
  const auto fields =
      Fields<P>{}
          .add("size_from", &P::size_from, between(0.1, 1),
               "size of the first stage, as a share of the last's",
               "composer; EfficientNetV2-S starts at 128 of 300 px")
          .add("strength_from", &P::strength_from, between(0, 1),
               "strength in the first stage, as a share: of magnitudes (randaugment, color_jitter, augmix), "
               "of "
               "the probability of erasing and of alpha in mix",
               "1: sizes alone; EfficientNetV2-S takes a third for randaugment")
          .add("stages", &P::stages, between(2, 1000),
               "sizes, evenly spaced, the first and the last included")
          .add("hold", &P::hold, between(0, 1), "share of the training at the first size",
               "four equal stages; composer holds for 0.5")
          .add("full", &P::full, between(0, 1), "share of the training at the last size",
               "four equal stages; composer takes 0.2")
          .add("multiple", &P::multiple, between(1, 64), "sizes are multiples of so many pixels", "composer");
  return describe<Progressive>(
      {.name = "curriculum.progressive",
       .stage = Stage::Curriculum,
       .doc = "Train on small images first, and with weak regularisation, in stages.",
       .source = "Tan and Le 2021, arXiv:2104.00298, section 4",
       .formula = "size = multiple * round(S (size_from + (1 - size_from) k / (stages - 1)) / multiple) in "
                  "stage k = 0 .. stages - 1, S = size of the data; strength = strength_from + (1 - "
                  "strength_from) k / (stages - 1)",
       .interactions = "Teachers see the small images too, resized to their own size. Validation is at full "
                       "size, with BatchNorm's statistics of small images until the last stage has replaced "
                       "them. The padding of `augment.crop` and the side of `augment.cutout` stay in pixels.",
       .neutral = {nlohmann::json::object({{"size_from", 1.0}, {"strength_from", 1.0}})},
       .no_window = "its stages are laid out over the whole training",
       .counters = {"batches"},
       .trial = {{"size_from", 0.75}, {"stages", 2}, {"hold", 0.5}, {"full", 0.5}},
       .refuses = progressive_refusals,
       .smallest_size = [fields](const nlohmann::json& settings,
                                 int size) { return Progressive(fields.read(settings)).size_at(size, 0); }},
      fields);
}

}  // namespace ablate::ingredients
