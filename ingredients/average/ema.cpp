#include <fmt/format.h>

#include "ingredients/average/decay.h"
#include "ingredients/average/weight_average.h"

namespace ablate::ingredients {
namespace {

class ExponentialAverage final : public WeightAverage {
 public:
  struct Params : StatisticsMode {
    double decay = 0.9998;
    std::optional<double> half_life;
    std::optional<double> window;
    std::string unit = "epoch";
    bool rescale = false;
    std::string warmup = "timm";
    double gamma = 1;
    double power = 2.0 / 3;
    double min_decay = 0;
    std::string start = "first_update";
    int every = 1;
  };
  explicit ExponentialAverage(const Params& p) : WeightAverage("updates", p), p_(p) {}

  void begin(Setup& setup) override {
    WeightAverage::begin(setup);
    const double unit = p_.unit == "epoch" ? setup.length().steps_per_epoch : 1;
    if (p_.half_life)
      decay_ = half_life_decay(*p_.half_life * unit / p_.every);
    else if (p_.window)
      decay_ = window_decay(*p_.window * unit / p_.every);
    else if (p_.rescale)
      decay_ = torchvision_decay(p_.decay, double(setup.batch()) * p_.every, setup.length().epochs);
    else
      decay_ = p_.decay;
  }
  void after_step(Student& student, const Progress&) override {
    if (++seen_ % p_.every != 0) return;
    blend(student.weights(), next_decay());
    count();
  }
  void save(Archive& archive) const override {
    archive.values["seen"] = seen_;
    WeightAverage::save(archive);
  }
  void load(const Archive& archive) override {
    seen_ = archive.values.at("seen");
    WeightAverage::load(archive);
  }

 private:
  double next_decay() const {
    if (counted() == 0 && p_.start == "first_update") return 0;
    if (p_.warmup == "timm") return timm_decay(decay_, counted(), p_.gamma, p_.power, p_.min_decay);
    if (p_.warmup == "tensorflow") return tensorflow_decay(decay_, counted());
    return decay_;
  }

  Params p_;
  double decay_ = 0;       // once warmed up
  std::int64_t seen_ = 0;  // updates of the weights
};

std::vector<std::string> ema_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  auto reasons = statistics_refusals(settings, recipe);
  const bool half_life = !settings.at("half_life").is_null(), window = !settings.at("window").is_null();
  const bool rescale = settings.at("rescale");
  if (half_life + window + rescale > 1)
    reasons.push_back("half_life, window and rescale each say what the decay is; keep one of them");
  if ((half_life || window) && settings.at("decay") != ExponentialAverage::Params{}.decay)
    reasons.push_back(
        fmt::format("{0} stands in place of decay, which would do nothing; leave out decay or {0}",
                    half_life ? "half_life" : "window"));
  const bool by_epochs = rescale || ((half_life || window) && settings.at("unit") == "epoch");
  if (by_epochs && recipe.on("optimizer", "accumulate"))
    reasons.push_back(
        "with accumulate an epoch has fewer updates than steps; give decay, or set unit to step");
  if (settings.at("start") == "initial" && settings.at("warmup") == "timm")
    reasons.push_back("timm's warm-up begins with a copy; set start to first_update, or another warmup");
  return reasons;
}

Fields<ExponentialAverage::Params> ema_fields() {
  using P = ExponentialAverage::Params;
  Fields<P> fields;
  fields
      .add("decay", &P::decay, from_below(0, 1),
           "share of the average that an update keeps; to be left out beside half_life or window",
           "GhostNetV3's released script")
      .add("half_life", &P::half_life, above(0), "in place of decay: what is so old counts half",
           "not used: by decay")
      .add("window", &P::window, above(0), "in place of decay: 1 - 1 / window", "not used: by decay")
      .add("unit", &P::unit, one_of({"epoch", "step"}), "of half_life and window; a step is an update",
           "epochs, so that the average spans the same at any batch")
      .add("rescale", &P::rescale, any(),
           "decay is for one image and one epoch: 1 - (1 - decay) batch every / epochs",
           "no; yes: torchvision's training script, with a decay of 0.99998 every 32 updates")
      .add("warmup", &P::warmup, one_of({"none", "timm", "tensorflow"}),
           "how the decay rises at first; none keeps much of the first weights on short trainings",
           "timm: with a constant 0.9998, 46 % of an average of 3910 updates is the first weights")
      .add("gamma", &P::gamma, above(0), "timm's warm-up: the larger, the slower the decay rises",
           "timm ModelEmaV3")
      .add("power", &P::power, above(0), "timm's warm-up: the larger, the faster the decay rises",
           "timm ModelEmaV3")
      .add("min_decay", &P::min_decay, from_below(0, 1), "timm's warm-up: lower bound after the first update",
           "timm ModelEmaV3")
      .add("start", &P::start, one_of({"first_update", "initial"}),
           "what it begins as: a copy at its first update, however late, or the initial weights",
           "timm ModelEmaV3; initial: timm ModelEmaV2, torchvision")
      .add("every", &P::every, at_least(1), "updates of the weights between two of the average",
           "every one: timm");
  return add_statistics(fields, "timm's ModelEma");
}

}  // namespace

IngredientEntry average_ema() {
  return describe<ExponentialAverage>(
      {.name = "average.ema",
       .stage = Stage::Average,
       .doc = "An exponential moving average of the weights after each update, evaluated in their place.",
       .source = "Polyak and Juditsky 1992; timm ModelEmaV3",
       .formula = "a <- d a + (1 - d) w, d = min(decay, 1 - (1 + u / gamma)^-power), at least min_decay and "
                  "0 at first, u = earlier updates of a; warmup tensorflow: d = min(decay, (1 + u) / (10 + "
                  "u)); with half_life h: decay = 0.5^(1 / h), with window h: 1 - 1 / h, h in updates of a",
       .interactions =
           "Counts updates: `optimizer.accumulate` makes fewer of them. The average reaches about 1 / (1 - "
           "decay) updates back, so a decay suits a length of training. A schedule that ends near 0 leaves "
           "little to average, one that ends high leaves much: compare decays under one schedule. What is "
           "evaluated of it is masked by `sparsify.dpf` and `sparsify.magnitude`, and folded like raw "
           "weights. `curriculum.test_size` computes statistics anew, whatever `buffers` says.",
       .version = 2,  // began as the initial weights without timm's warm-up
       .passive = true,
       .neutral = {nlohmann::json::object({{"decay", 0.0},
                                           {"min_decay", 0.0},
                                           {"half_life", nullptr},
                                           {"window", nullptr},
                                           {"rescale", false},
                                           {"every", 1},
                                           {"buffers", "average"}})},
       .counters = {"updates"},
       .refuses = ema_refusals},
      ema_fields());
}

}  // namespace ablate::ingredients
