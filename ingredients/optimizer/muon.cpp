#include <algorithm>

#include "ingredients/optimizer/adam.h"
#include "ingredients/optimizer/newton_schulz.h"
#include "ingredients/segments.h"

namespace ablate::ingredients {
namespace {

class Muon final : public Optimizer {
 public:
  struct Params : BaseRate {
    Params() : BaseRate{.lr = 0.02, .weight_decay = 0.1} {}
    double momentum = 0.95;
    bool nesterov = true;
    int iterations = 5;
    std::string scale = "shape";
    bool depthwise = false;
    bool head = false;
    double rest_lr = 1e-3;
    double rest_beta1 = 0.9;
    double rest_beta2 = 0.999;
    double rest_eps = 1e-8;
    double rest_weight_decay = 0.01;
  };
  explicit Muon(const Params& p) : Optimizer(p, {{"mean"}, {"square"}}), p_(p) {}

 private:
  void change(const Job& job) override {
    const auto runs = segment_runs(job.set);
    std::vector<Run> rest;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const auto& segment = (*job.set.segments)[i];
      if (is_matrix(job.set, segment))
        turn(job, runs[i], segment.shape.front());
      else
        rest.push_back(runs[i]);
    }
    change_rest(job, joined(rest));
  }

  /// A convolution counts as [out, in x area]; columns may stand in any order, so the memory's will do.
  bool is_matrix(const ParameterSet& set, const Segment& segment) const {
    return !is_vector(segment) && (p_.depthwise || !is_depthwise(segment)) &&
           (p_.head || !is_head(set, segment));
  }

  /// m = momentum m + (1 - momentum) g;  u = m, or looking ahead (1 - momentum) g + momentum m;
  /// w *= 1 - lr decay;  w -= lr scale newton_schulz(u) (Jordan et al. 2024).
  void turn(const Job& job, const Run& run, std::int64_t rows) const {
    const auto matrix = [&](const at::Tensor& flat) {
      return flat.narrow(0, run.offset, run.length).view({rows, run.length / rows});
    };
    const double momentum = job.rates.momentum.value_or(p_.momentum), lr = job.lr * run.lr_scale;
    const auto gradient = matrix(job.set.gradients);
    auto mean = matrix(job.buffers[0]), weights = matrix(job.set.values.detach());
    mean.lerp_(gradient, 1 - momentum);
    const auto direction = newton_schulz(p_.nesterov ? gradient.lerp(mean, momentum) : mean, p_.iterations);
    weights.mul_(1 - lr * job.decay * run.decay_scale);
    weights.sub_(direction, lr * step_scale(rows, run.length / rows));
  }

  /// "shape": sqrt(max(1, rows / columns)), Jordan's. "adamw": 0.2 sqrt(max(rows, columns)), a step about as
  /// long as AdamW's (Liu et al. 2025).
  double step_scale(std::int64_t rows, std::int64_t columns) const {
    if (p_.scale == "adamw") return 0.2 * std::sqrt(double(std::max(rows, columns)));
    return std::sqrt(std::max(1.0, double(rows) / double(columns)));
  }

  void change_rest(Job job, const std::vector<Run>& runs) const {
    job.lr = p_.rest_lr * job.rates.lr_factor;
    job.decay = p_.rest_weight_decay * job.rates.weight_decay_factor;
    const AdamNumbers numbers{.beta1 = p_.rest_beta1,
                              .beta2 = p_.rest_beta2,
                              .eps = p_.rest_eps,
                              .decoupled = true,
                              .update = job.update};
    each_slice(job, runs, [&](const auto& slice) { adam_pass(slice, numbers); });
  }

  Params p_;
};

}  // namespace

IngredientEntry optimizer_muon() {
  using P = Muon::Params;
  Fields<P> fields;
  add_rate(fields, "Jordan's implementation")
      .add("momentum", &P::momentum, from_below(0, 1), "share of the average gradient that is kept")
      .add("nesterov", &P::nesterov, any(), "look ahead along the average")
      .add("iterations", &P::iterations, between(1, 20), "Newton-Schulz iterations")
      .add("scale", &P::scale, one_of({"shape", "adamw"}),
           "length of a step: shape: sqrt(max(1, rows / columns)); adamw: 0.2 sqrt(max(rows, columns))",
           "shape: Jordan's; adamw: Liu et al. 2025, arXiv:2502.16982")
      .add("depthwise", &P::depthwise, any(), "whether depthwise kernels are matrices too",
           "no: their rows have as many columns as a kernel has taps")
      .add("head", &P::head, any(), "whether the classifier is one too", "no: Jordan's implementation")
      .add("rest_lr", &P::rest_lr, at_least(0), "base rate of AdamW on all the rest; 0: it is left alone",
           "torch.optim.AdamW")
      .add("rest_beta1", &P::rest_beta1, from_below(0, 1), "beta1 of that", "torch.optim.AdamW")
      .add("rest_beta2", &P::rest_beta2, from_below(0, 1), "beta2 of that", "torch.optim.AdamW")
      .add("rest_eps", &P::rest_eps, above(0), "eps of that", "torch.optim.AdamW")
      .add("rest_weight_decay", &P::rest_weight_decay, at_least(0), "decoupled weight decay of that",
           "torch.optim.AdamW");
  add_weight_decay(fields, kDecoupled, "torch.optim.Muon");
  return describe_optimizer<Muon>(
      {.name = "optimizer.muon",
       .doc = "Matrices move by their mean gradient with singular values brought near 1; the rest by AdamW.",
       .source = "Jordan et al. 2024, \"Muon: an optimizer for hidden layers in neural networks\"",
       .formula = "m <- momentum m + (1 - momentum) g; d = (1 - momentum) g + momentum m if nesterov, else "
                  "m; w <- (1 - lr weight_decay) w - lr * scale * X, X = d / ||d||_F after iterations times "
                  "X <- a X + (b A + c A A) X, A = X X^T, a, b, c = 3.4445, -4.775, 2.0315",
       .interactions = "A schedule scales `rest_lr` as it does lr; `schedule.one_cycle` moves `momentum`, "
                       "and not `rest_beta1`. `regularize.weight_decay` reaches both decays. The length of a "
                       "step does not depend on the gradient's. Linear layers and convolutions that a "
                       "distillation trains along are matrices too."},
      fields);
}

}  // namespace ablate::ingredients
