#include <ATen/Dispatch.h>
#include <ATen/ops/zeros_like.h>

#include "ingredients/counting.h"
#include "ingredients/optimizer/runs.h"

namespace ablate::ingredients {
namespace {

/// The numbers of one update.
struct SgdRates {
  double lr = 0, momentum = 0, dampening = 0, decay = 0;
  bool nesterov = false;
  bool first = false;  // the velocity starts as the first gradient itself
};

/// g += decay w;  v = momentum v + (1 - dampening) g;  w -= lr (nesterov ? g + momentum v : v), in one pass
/// (Sutskever et al. 2013, in the form of torch's SGD: the rate is applied when the velocity is used).
/// Without momentum v is not touched.
template <class T>
void sgd_pass(T* w, const T* g, T* v, std::int64_t n, const SgdRates& r) {
  const T lr(r.lr), momentum(r.momentum), taken(1 - r.dampening), decay(r.decay);
  if (r.momentum == 0) {
    for (std::int64_t i = 0; i < n; ++i) w[i] -= lr * (g[i] + decay * w[i]);
    return;
  }
  for (std::int64_t i = 0; i < n; ++i) {
    const T gradient = g[i] + decay * w[i];
    v[i] = r.first ? gradient : momentum * v[i] + taken * gradient;
    w[i] -= lr * (r.nesterov ? gradient + momentum * v[i] : v[i]);
  }
}

class Sgd final : public Counting {
 public:
  struct Params {
    double lr = 0.1;
    double momentum = 0.9;
    bool nesterov = true;
    double dampening = 0;
    double weight_decay = 5e-4;
  };
  explicit Sgd(const Params& p) : Counting("updates"), p_(p) {}

  void apply(Update& update) override {
    for (auto& set : update.sets) apply_to(set, update.rates);
    count();
  }
  void save(Archive& archive) const override {
    for (const auto& [set, velocity] : velocity_) archive.tensors["velocity." + set] = velocity;
    Counting::save(archive);
  }
  void load(const Archive& archive) override {
    const std::string prefix = "velocity.";
    for (const auto& [name, tensor] : archive.tensors)
      if (name.starts_with(prefix)) velocity_[name.substr(prefix.size())] = tensor.clone();
    Counting::load(archive);
  }

 private:
  void apply_to(ParameterSet& set, const Rates& rates) {
    SgdRates r{
        .momentum = rates.momentum.value_or(p_.momentum), .dampening = p_.dampening, .nesterov = p_.nesterov};
    const auto [found, fresh] = velocity_.try_emplace(set.name);
    if (fresh) found->second = at::zeros_like(set.values);
    r.first = fresh;
    const double lr = rates.lr.value_or(p_.lr * rates.lr_factor);
    const double decay = p_.weight_decay * rates.weight_decay_factor;
    AT_DISPATCH_FLOATING_TYPES(set.values.scalar_type(), "sgd", [&] {
      auto* w = set.values.data_ptr<scalar_t>();
      const auto* g = set.gradients.const_data_ptr<scalar_t>();
      auto* v = found->second.template data_ptr<scalar_t>();
      for (const auto& run : runs_of(set)) {
        r.lr = lr * run.lr_scale;
        r.decay = decay * run.decay_scale;
        sgd_pass(w + run.offset, g + run.offset, v + run.offset, run.length, r);
      }
    });
  }

  Params p_;
  std::map<std::string, at::Tensor> velocity_;  // by set
};

std::vector<std::string> sgd_refusals(const nlohmann::json& settings, const RecipeView&) {
  if (!settings.value("nesterov", false) || settings.value("dampening", 0.0) == 0) return {};
  return {"nesterov and dampening do not go together; set dampening to 0 or nesterov to false"};
}

}  // namespace

IngredientEntry optimizer_sgd() {
  using P = Sgd::Params;
  return describe<Sgd>(
      {.name = "optimizer.sgd",
       .stage = Stage::Update,
       .doc = "Stochastic gradient descent with momentum and coupled weight decay.",
       .source = "Sutskever et al. 2013; torch.optim.SGD",
       .no_neutral = "without an optimizer nothing is trained",
       .no_window = "without an optimizer nothing is trained",
       .counters = {"updates"},
       .refuses = sgd_refusals},
      Fields<P>{}
          .add("lr", &P::lr, at_least(0), "base learning rate, for the batch as it is",
               "usual for CIFAR at batch 128")
          .add("momentum", &P::momentum, from_below(0, 1), "share of the velocity that is kept")
          .add("nesterov", &P::nesterov, any(), "look ahead along the velocity",
               "timm's `sgd`, which GhostNetV3's released script uses")
          .add("dampening", &P::dampening, from_below(0, 1), "share of the gradient kept out of the velocity")
          .add("weight_decay", &P::weight_decay, at_least(0), "added to the gradient, times the weights",
               "usual for CIFAR (MobileNetV2 and ShuffleNetV2 reimplementations)"));
}

}  // namespace ablate::ingredients
