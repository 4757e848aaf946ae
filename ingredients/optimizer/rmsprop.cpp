#include <cmath>

#include "ingredients/optimizer/optimizer.h"

namespace ablate::ingredients {
namespace {

/// s = alpha s + (1 - alpha) g^2 from 0;  b = momentum b + g / (sqrt(s) + eps);  w -= lr b: eps outside the
/// root, the rate applied when the buffer is used (Tieleman and Hinton 2012, in the form of torch's RMSprop).
template <class T>
void rmsprop_pass(const Slice<T>& s, double alpha_, double eps_, double momentum_) {
  const T lr(s.lr), decay(s.decay), alpha(alpha_), eps(eps_), momentum(momentum_);
  T *w = s.w, *square = s.state[0], *moved = s.state[1];
  const T* g = s.g;
  for (std::int64_t i = 0; i < s.n; ++i) {
    const T gradient = g[i] + decay * w[i];
    square[i] = alpha * square[i] + (1 - alpha) * gradient * gradient;
    moved[i] = momentum * moved[i] + gradient / (std::sqrt(square[i]) + eps);
    w[i] -= lr * moved[i];
  }
}

class RmsProp final : public Optimizer {
 public:
  struct Params : BaseRate {
    Params() : BaseRate{.lr = 0.01, .weight_decay = 0} {}
    double alpha = 0.99;
    double eps = 1e-8;
    double momentum = 0.9;
  };
  explicit RmsProp(const Params& p) : Optimizer(p, {{"square"}, {"moved"}}), p_(p) {}

 private:
  void change(const Job& job) override {
    const double momentum = job.rates.momentum.value_or(p_.momentum);
    each_slice(job, [&](const auto& slice) { rmsprop_pass(slice, p_.alpha, p_.eps, momentum); });
  }

  Params p_;
};

}  // namespace

IngredientEntry optimizer_rmsprop() {
  using P = RmsProp::Params;
  Fields<P> fields;
  add_rate(fields, "torch")
      .add("alpha", &P::alpha, from_below(0, 1), "share of the mean square that is kept", "torch")
      .add("eps", &P::eps, above(0), "added to the root of the mean square", "torch")
      .add("momentum", &P::momentum, from_below(0, 1), "share of the last move that is kept; 0: none",
           "MobileNetV2, arXiv:1801.04381; torch has 0");
  add_weight_decay(fields, kCoupled, "none, as torch.optim.RMSprop");
  return describe_optimizer<RmsProp>(
      {.name = "optimizer.rmsprop",
       .doc = "Every weight moves by its gradient over the root of its mean square, torch's way.",
       .source = "Tieleman and Hinton 2012; torch.optim.RMSprop",
       .formula = "g <- g + weight_decay w; s <- alpha s + (1 - alpha) g^2 from 0; b <- momentum b + g / "
                  "(sqrt(s) + eps); w <- w - lr b",
       .interactions = "`schedule.one_cycle` moves `momentum`. Coupled decay is divided by the root of the "
                       "mean square like any gradient."},
      fields);
}

}  // namespace ablate::ingredients
