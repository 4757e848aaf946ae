#include <ATen/TensorOperators.h>

#include "ingredients/counting.h"

namespace ablate::ingredients {
namespace {

/// (1 - e) q + e / K: the share e goes to all K classes (Szegedy et al. 2016).
at::Tensor smoothed_over_all(const at::Tensor& q, double e) {
  return q * (1 - e) + e / double(q.size(1));
}

/// (1 - e) q + e (1 - q) / (K - 1): the share e goes to the others only.
at::Tensor smoothed_over_others(const at::Tensor& q, double e) {
  return q * (1 - e) + (1 - q) * (e / double(q.size(1) - 1));
}

class LabelSmoothing final : public Counting {
 public:
  struct Params {
    double epsilon = 0.1;
    std::string over = "all";
  };
  explicit LabelSmoothing(const Params& p) : Counting("batches"), p_(p) {}

  void transform_batch(Batch& batch, const Progress&) override {
    batch.targets = p_.over == "all" ? smoothed_over_all(batch.targets, p_.epsilon)
                                     : smoothed_over_others(batch.targets, p_.epsilon);
    count();
  }

 private:
  Params p_;
};

}  // namespace

IngredientEntry loss_label_smoothing() {
  using P = LabelSmoothing::Params;
  return describe<LabelSmoothing>(
      {.name = "loss.label_smoothing",
       .stage = Stage::Target,
       .doc = "Give a share of each target to other classes, before any mixing.",
       .source = "Szegedy et al. 2016, arXiv:1512.00567, section 7",
       .formula = "q <- (1 - epsilon) q + epsilon / K; over others: q <- (1 - epsilon) q + epsilon (1 - q) / "
                  "(K - 1)",
       .interactions = "Changes the targets, so every loss that looks at them; what teachers say stays as it "
                       "is. Beside a distillation with a small ce_weight it does next to nothing. A teacher "
                       "that was trained with it says less of how classes resemble each other. Training "
                       "losses of runs with and without it do not compare.",
       .neutral = {nlohmann::json::object({{"epsilon", 0.0}})},
       .counters = {"batches"}},
      Fields<P>{}
          .add("epsilon", &P::epsilon, from_below(0, 1), "the share that is given away")
          .add("over", &P::over, one_of({"all", "others"}),
               "all: e / K to every class; others: e / (K - 1) to every class but the target's",
               "all, as the paper and torch"));
}

}  // namespace ablate::ingredients
