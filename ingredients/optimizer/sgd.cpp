#include "ingredients/optimizer/optimizer.h"

namespace ablate::ingredients {
namespace {

/// The numbers of one update.
struct SgdNumbers {
  double momentum = 0, dampening = 0;
  bool nesterov = false;
  bool decoupled = false;
  bool first = false;  // the velocity starts as the first gradient itself
};

/// g += decay w;  v = momentum v + (1 - dampening) g;  w -= lr (nesterov ? g + momentum v : v), in one pass
/// (Sutskever et al. 2013, in the form of torch's SGD: the rate is applied when the velocity is used).
/// Decoupled, w is multiplied by 1 - lr decay instead (Loshchilov and Hutter 2019). Without momentum v is not
/// touched.
template <class T>
void sgd_pass(const Slice<T>& s, const SgdNumbers& r) {
  const T lr(s.lr), momentum(r.momentum), taken(1 - r.dampening), decay(r.decoupled ? 0 : s.decay),
      kept(r.decoupled ? 1 - s.lr * s.decay : 1);
  T* w = s.w;
  const T* g = s.g;
  T* v = s.state[0];
  if (r.momentum == 0) {
    for (std::int64_t i = 0; i < s.n; ++i) w[i] = kept * w[i] - lr * (g[i] + decay * w[i]);
    return;
  }
  for (std::int64_t i = 0; i < s.n; ++i) {
    const T gradient = g[i] + decay * w[i];
    v[i] = r.first ? gradient : momentum * v[i] + taken * gradient;
    w[i] = kept * w[i] - lr * (r.nesterov ? gradient + momentum * v[i] : v[i]);
  }
}

class Sgd final : public Optimizer {
 public:
  struct Params : BaseRate {
    Params() : BaseRate{.lr = 0.1, .weight_decay = 5e-4} {}
    double momentum = 0.9;
    bool nesterov = true;
    double dampening = 0;
    std::string decay = "coupled";
  };
  explicit Sgd(const Params& p) : Optimizer(p, {{"velocity"}}), p_(p) {}

 private:
  void change(const Job& job) override {
    const SgdNumbers numbers{.momentum = job.rates.momentum.value_or(p_.momentum),
                             .dampening = p_.dampening,
                             .nesterov = p_.nesterov,
                             .decoupled = p_.decay == "decoupled",
                             .first = job.update == 1};
    each_slice(job, [&](const auto& slice) { sgd_pass(slice, numbers); });
  }

  Params p_;
};

std::vector<std::string> sgd_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  auto reasons = rate_refusals(settings, recipe);
  if (settings.value("nesterov", false) && settings.value("dampening", 0.0) != 0)
    reasons.push_back("nesterov and dampening do not go together; set dampening to 0 or nesterov to false");
  return reasons;
}

}  // namespace

IngredientEntry optimizer_sgd() {
  using P = Sgd::Params;
  Fields<P> fields;
  add_rate(fields, "usual for CIFAR at batch 128")
      .add("momentum", &P::momentum, from_below(0, 1), "share of the velocity that is kept; 0: plain descent",
           "GhostNetV3's released script")
      .add("nesterov", &P::nesterov, any(), "look ahead along the velocity, where there is one",
           "timm's `sgd`, which GhostNetV3's released script uses")
      .add("dampening", &P::dampening, from_below(0, 1), "share of the gradient kept out of the velocity",
           "none, as torch")
      .add("decay", &P::decay, one_of({"coupled", "decoupled"}),
           "whether weight decay is part of the gradient, or shrinks the weights beside it (SGDW)",
           "torch.optim.SGD; decoupled: arXiv:1711.05101, timm's `sgdw`");
  add_weight_decay(fields, "times the weights: added to the gradient, or decoupled taken off at the rate",
                   "usual for CIFAR (MobileNetV2 and ShuffleNetV2 reimplementations)");
  return describe_optimizer<Sgd>(
      {.name = "optimizer.sgd",
       .doc = "Stochastic gradient descent: plain, with momentum, or with Nesterov's.",
       .source = "Sutskever et al. 2013; torch.optim.SGD",
       .formula = "g <- g + weight_decay w; v <- momentum v + (1 - dampening) g, v = g at first; w <- w - lr "
                  "(nesterov ? g + momentum v : v); decay decoupled: w <- (1 - lr weight_decay) w "
                  "beforehand, in place of the first",
       .interactions = "`schedule.one_cycle` moves `momentum`. Behind BatchNorm the length of a weight does "
                       "not change the output: decay acts there through the rate, so `weight_decay` and lr "
                       "are best varied together.",
       .refuses = sgd_refusals},
      fields);
}

}  // namespace ablate::ingredients
