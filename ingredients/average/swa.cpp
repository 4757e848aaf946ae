#include "ingredients/average/weight_average.h"

namespace ablate::ingredients {
namespace {

/// The equal average of the weights at the ends of epochs.
class StochasticWeightAverage final : public WeightAverage {
 public:
  struct Params : StatisticsMode {
    Params() : StatisticsMode{.buffers = "recompute", .recompute_batches = std::nullopt} {}
    int every = 1;
  };
  explicit StochasticWeightAverage(const Params& p) : WeightAverage("epochs_averaged", p), p_(p) {}

  void after_epoch(EpochEnd& end) override {
    if (seen_++ % p_.every != 0) return;
    const auto earlier = double(counted());
    blend(end.network.weights(), earlier / (earlier + 1));
    count();
    recompute(end);
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
  Params p_;
  std::int64_t seen_ = 0;  // epochs
};

}  // namespace

IngredientEntry average_swa() {
  using P = StochasticWeightAverage::Params;
  Fields<P> fields;
  fields.add("every", &P::every, at_least(1), "epochs between two that are averaged, from the first one on");
  add_statistics(fields, "the paper: averaged statistics belong to no network that was trained");
  return describe<StochasticWeightAverage>(
      {.name = "average.swa",
       .stage = Stage::Average,
       .doc = "Stochastic weight averaging: the equal average of the weights at the ends of the last epochs.",
       .source = "Izmailov et al. 2018, arXiv:1803.05407",
       .formula = "a <- a + (w - a) / (k + 1) at the end of epochs 0, every, 2 every, ... of its window, k = "
                  "epochs averaged before",
       .interactions =
           "The paper keeps the rate constant or cycles it while it averages: a schedule that has fallen "
           "near 0 by then leaves little to average. Recomputing `buffers` is a further pass over the "
           "training images, prepared as for evaluation, after every epoch that is averaged. "
           "`curriculum.test_size` computes statistics anew, whatever `buffers` says.",
       .passive = true,
       .no_neutral = "an average of one epoch is of the last one only when that is where its window begins",
       .window = {0.75, 1},
       .counters = {"epochs_averaged"},
       .trial = {{"active", {0.0, 1.0}}},
       .refuses = statistics_refusals},
      fields);
}

}  // namespace ablate::ingredients
