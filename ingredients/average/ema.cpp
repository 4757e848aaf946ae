#include <ATen/core/grad_mode.h>

#include "ingredients/average/decay.h"
#include "ingredients/counting.h"

namespace ablate::ingredients {
namespace {

/// e <- d e + (1 - d) w: in this form exactly w at d = 0.
void move_towards(at::Tensor average, const at::Tensor& values, double decay) {
  average.mul_(decay).add_(values, 1 - decay);
}

class ExponentialAverage final : public Counting {
 public:
  struct Params {
    double decay = 0.9998;
    std::string warmup = "timm";
    double gamma = 1;
    double power = 2.0 / 3;
    double min_decay = 0;
    std::string buffers = "average";
  };
  explicit ExponentialAverage(const Params& p) : Counting("updates"), p_(p) {}

  void begin(Setup& setup) override { average_ = setup.weights().clone(); }
  void after_step(Student& student, const Progress&) override {
    const at::NoGradGuard no_gradients;
    const double decay = next_decay();
    const auto& weights = student.weights();
    move_towards(average_.trained(), weights.trained(), decay);
    move_towards(average_.statistics(), weights.statistics(), p_.buffers == "average" ? decay : 0);
    count();
  }
  const Weights* average() const override { return counted() ? &average_ : nullptr; }

  void save(Archive& archive) const override {
    archive.tensors["trained"] = average_.trained();
    archive.tensors["statistics"] = average_.statistics();
    Counting::save(archive);
  }
  void load(const Archive& archive) override {
    average_.trained().copy_(archive.tensors.at("trained"));
    average_.statistics().copy_(archive.tensors.at("statistics"));
    Counting::load(archive);
  }

 private:
  double next_decay() const {
    if (p_.warmup == "timm") return timm_decay(p_.decay, counted(), p_.gamma, p_.power, p_.min_decay);
    if (p_.warmup == "tensorflow") return tensorflow_decay(p_.decay, counted());
    return p_.decay;
  }

  Params p_;
  Weights average_;
};

}  // namespace

IngredientEntry average_ema() {
  using P = ExponentialAverage::Params;
  return describe<ExponentialAverage>(
      {.name = "average.ema",
       .stage = Stage::Average,
       .doc = "An exponential moving average of the weights after each update, evaluated in their place.",
       .source = "Polyak and Juditsky 1992; timm ModelEmaV3",
       .passive = true,
       .neutral = {nlohmann::json::object({{"decay", 0.0}, {"min_decay", 0.0}})},
       .counters = {"updates"}},
      Fields<P>{}
          .add("decay", &P::decay, from_below(0, 1), "share of the average that an update keeps",
               "GhostNetV3's released script")
          .add("warmup", &P::warmup, one_of({"none", "timm", "tensorflow"}),
               "how the decay rises at first; none keeps much of the initial weights on short trainings",
               "timm: with a constant 0.9998, 46 % of an average of 3910 updates is the initial weights")
          .add("gamma", &P::gamma, above(0), "timm's warm-up: the larger, the slower the decay rises")
          .add("power", &P::power, above(0), "timm's warm-up: the larger, the faster the decay rises")
          .add("min_decay", &P::min_decay, from_below(0, 1),
               "timm's warm-up: lower bound after the first update")
          .add("buffers", &P::buffers, one_of({"average", "copy"}),
               "BatchNorm statistics: averaged with the weights, or those of the latest update",
               "timm's ModelEma"));
}

}  // namespace ablate::ingredients
