#include <cmath>

#include "ingredients/optimizer/optimizer.h"

namespace ablate::ingredients {
namespace {

/// s += (1 - alpha) (g^2 - s) from 1;  b = momentum b + lr g / sqrt(s + eps);  w -= b: eps inside the root
/// and the rate inside the buffer, so that a fall of the rate takes a while to act (TensorFlow, in the form
/// of timm's RMSpropTF).
template <class T>
void rmsprop_tf_pass(const Slice<T>& s, double alpha, double eps_, double momentum_) {
  const T lr(s.lr), decay(s.decay), taken(1 - alpha), eps(eps_), momentum(momentum_);
  T *w = s.w, *square = s.state[0], *moved = s.state[1];
  const T* g = s.g;
  for (std::int64_t i = 0; i < s.n; ++i) {
    const T gradient = g[i] + decay * w[i];
    square[i] += taken * (gradient * gradient - square[i]);
    moved[i] = momentum * moved[i] + lr * gradient / std::sqrt(square[i] + eps);
    w[i] -= moved[i];
  }
}

class RmsPropTf final : public Optimizer {
 public:
  struct Params : BaseRate {
    Params() : BaseRate{.lr = 0.064, .weight_decay = 1e-5} {}
    double alpha = 0.9;
    double eps = 1e-3;
    double momentum = 0.9;
  };
  explicit RmsPropTf(const Params& p) : Optimizer(p, {{"square", 1}, {"moved"}}), p_(p) {}

 private:
  void change(const Job& job) override {
    const double momentum = job.rates.momentum.value_or(p_.momentum);
    each_slice(job, [&](const auto& slice) { rmsprop_tf_pass(slice, p_.alpha, p_.eps, momentum); });
  }

  Params p_;
};

}  // namespace

IngredientEntry optimizer_rmsprop_tf() {
  using P = RmsPropTf::Params;
  const char* const ghost = "GhostNetV2's released recipe, arXiv:2211.12905";
  Fields<P> fields;
  add_rate(fields, ghost)
      .add("alpha", &P::alpha, from_below(0, 1), "share of the mean square that is kept")
      .add("eps", &P::eps, above(0), "added to the mean square, inside the root", ghost)
      .add("momentum", &P::momentum, from_below(0, 1), "share of the last move that is kept; 0: none", ghost);
  add_weight_decay(fields, kCoupled, ghost);
  return describe_optimizer<RmsPropTf>(
      {.name = "optimizer.rmsprop_tf",
       .doc = "Every weight moves by its gradient over the root of its mean square, TensorFlow's way.",
       .source = "timm RMSpropTF",
       .formula = "g <- g + weight_decay w; s <- s + (1 - alpha) (g^2 - s) from 1; b <- momentum b + lr g / "
                  "sqrt(s + eps); w <- w - b",
       .interactions = "The rate is inside the buffer: a schedule's fall takes about 1 / (1 - momentum) "
                       "updates to act. `schedule.one_cycle` moves `momentum`. Coupled decay is divided by "
                       "the root of the mean square like any gradient."},
      fields);
}

}  // namespace ablate::ingredients
