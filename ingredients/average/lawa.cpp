#include <fmt/format.h>

#include "ingredients/average/weight_average.h"

namespace ablate::ingredients {
namespace {

/// The equal average of the weights at the ends of the last few epochs, renewed after each.
class LatestWeightAverage final : public WeightAverage {
 public:
  struct Params : StatisticsMode {
    int last = 5;
  };
  explicit LatestWeightAverage(const Params& p) : WeightAverage("epochs_averaged", p), p_(p) {}

  void after_epoch(EpochEnd& end) override {
    const auto& weights = end.network.weights();
    keep(trained_, weights.trained());
    keep(statistics_, weights.statistics());
    replace(trained_, statistics_);
    count();
    recompute(end);
  }
  void save(Archive& archive) const override {
    for (std::size_t i = 0; i < trained_.size(); ++i) {
      archive.tensors[fmt::format("kept.{}.trained", i)] = trained_[i];
      archive.tensors[fmt::format("kept.{}.statistics", i)] = statistics_[i];
    }
    archive.values["kept"] = trained_.size();
    WeightAverage::save(archive);
  }
  void load(const Archive& archive) override {
    trained_.clear();
    statistics_.clear();
    for (std::size_t i = 0; i < archive.values.at("kept").get<std::size_t>(); ++i) {
      trained_.push_back(archive.tensors.at(fmt::format("kept.{}.trained", i)).clone());
      statistics_.push_back(archive.tensors.at(fmt::format("kept.{}.statistics", i)).clone());
    }
    WeightAverage::load(archive);
  }

 private:
  void keep(std::vector<at::Tensor>& kept, const at::Tensor& values) const {
    if (kept.size() == std::size_t(p_.last)) kept.erase(kept.begin());
    kept.push_back(values.detach().clone());
  }

  Params p_;
  std::vector<at::Tensor> trained_, statistics_;  // the oldest first
};

}  // namespace

IngredientEntry average_lawa() {
  using P = LatestWeightAverage::Params;
  Fields<P> fields;
  fields.add("last", &P::last, at_least(1), "epochs that are averaged; fewer as long as there are no more");
  add_statistics(fields, "as average.ema");
  return describe<LatestWeightAverage>(
      {.name = "average.lawa",
       .stage = Stage::Average,
       .doc = "Latest weight averaging: the equal average of the weights at the ends of the last few epochs.",
       .source = "Kaddour 2022, arXiv:2209.14981",
       .formula = "a = (w_1 + ... + w_k) / k, w = weights at the ends of the latest k = last epochs",
       .interactions =
           "Holds `last` copies of the weights, in checkpoints too. A schedule that ends near 0 leaves "
           "little to average. `curriculum.test_size` computes statistics anew, whatever `buffers` says.",
       .passive = true,
       .neutral = {nlohmann::json::object({{"last", 1}, {"buffers", "average"}}),
                   nlohmann::json::object({{"last", 1}, {"buffers", "copy"}})},
       .counters = {"epochs_averaged"},
       .refuses = statistics_refusals},
      fields);
}

}  // namespace ablate::ingredients
