#include <algorithm>

#include <fmt/format.h>

#include "ingredients/schedule/curve.h"

namespace ablate::ingredients {
namespace {

/// The rate is multiplied after more than `patience` epochs in a row whose validation was no better than the
/// best by a relative threshold (torch's ReduceLROnPlateau in relative mode). Epochs of a warm-up do not
/// count.
class Plateau final : public SharedRate {
 public:
  struct Params : Ramp {
    std::string metric = "loss";
    double factor = 0.1;
    int patience = 10;
    double threshold = 1e-4;
    double floor = 0;
  };
  explicit Plateau(const Params& p) : p_(p) {}

  void schedule(Rates& rates, const Progress& at) override {
    scale(rates, with_warm_up(p_, position_of(p_, at), [this](const Position&) { return share_; }));
  }
  void after_epoch(EpochEnd& end) override {
    if (!end.validation || double(end.at.epoch) + 1 <= p_.warmup_epochs) return;
    const double now = p_.metric == "loss" ? end.validation->loss : end.validation->top1;
    if (!best_ || better(now, *best_)) {
      best_ = now;
      waited_ = 0;
    } else if (++waited_ > p_.patience) {
      share_ = std::max(share_ * p_.factor, p_.floor);
      waited_ = 0;
    }
  }

  void save(Archive& archive) const override {
    archive.values["best"] = best_ ? nlohmann::json(*best_) : nlohmann::json();
    archive.values["waited"] = waited_;
    archive.values["share"] = share_;
    SharedRate::save(archive);
  }
  void load(const Archive& archive) override {
    const auto& best = archive.values.at("best");
    best_ = best.is_null() ? std::nullopt : std::optional(best.get<double>());
    waited_ = archive.values.at("waited");
    share_ = archive.values.at("share");
    SharedRate::load(archive);
  }

 private:
  bool better(double now, double best) const {
    return p_.metric == "loss" ? now < best * (1 - p_.threshold) : now > best * (1 + p_.threshold);
  }

  Params p_;
  std::optional<double> best_;
  int waited_ = 0;
  double share_ = 1;
};

/// Whether the recipe holds images out for validation; nothing when it does not say.
std::optional<bool> holds_images_out(const RecipeView& recipe) {
  const auto data = recipe.recipe.find("data");
  if (data == recipe.recipe.end() || !data->is_object() || data->empty()) return std::nullopt;
  return data->front().value("validation", 0) > 0;
}

std::vector<std::string> plateau_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  auto reasons = warm_up_refusals(settings, recipe);
  if (!holds_images_out(recipe).value_or(true))
    reasons.push_back("it looks at the validation split, and there is none; set `validation` of the data");
  const auto evaluate = recipe.recipe.value("evaluate", nlohmann::json::object());
  if (const auto every = evaluate.value("every", 1); every > 1)
    reasons.push_back(fmt::format(
        "its patience counts epochs, and validation takes place only every {}; set evaluate.every to 1",
        every));
  if (settings.at("patience").get<std::int64_t>() + 2 >= recipe.epochs)
    reasons.push_back(fmt::format(
        "with a patience of {} the rate cannot fall within {} epochs; wait for less, or train longer",
        settings.at("patience").get<std::int64_t>(), recipe.epochs));
  return reasons;
}

}  // namespace

IngredientEntry schedule_plateau() {
  using P = Plateau::Params;
  Fields<P> fields;
  fields
      .add("metric", &P::metric, one_of({"loss", "top1"}), "what must get better on the validation split",
           "torch's default mode, min")
      .add("factor", &P::factor, between(0, 1), "by which the rate is multiplied")
      .add("patience", &P::patience, at_least(0), "epochs in a row without a better one that are borne")
      .add("threshold", &P::threshold, from_below(0, 1),
           "by what share of the best a better one must beat it")
      .add("floor", &P::floor, between(0, 1), "share of the base rate below which it never falls");
  return describe_schedule<Plateau>(
      {.name = "schedule.plateau",
       .doc = "The rate falls by a factor when validation of the raw weights has stopped getting better.",
       .source = "torch.optim.lr_scheduler.ReduceLROnPlateau",
       .formula = "lr * max(floor, factor^k), k = times that more than patience epochs in a row were not "
                  "better: loss < best (1 - threshold), or top1 > best (1 + threshold)",
       .interactions = "Looks at the raw weights, averages aside, at the size of `curriculum.test_size` "
                       "where that is on. Epochs of the warm-up do not count.",
       .neutral = {nlohmann::json::object({{"factor", 1.0}, {"warmup_epochs", 0.0}})},
       .trial = {{"warmup_epochs", 1.0}},
       .refuses = plateau_refusals},
      add_ramp(fields));
}

}  // namespace ablate::ingredients
