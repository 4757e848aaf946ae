#include "ingredients/optimizer/adam.h"

namespace ablate::ingredients {
namespace {

/// w *= 1 - lr decay;  w -= lr sign(beta1 m + (1 - beta1) g);  m = beta2 m + (1 - beta2) g (Chen et al.
/// 2023).
template <class T>
void lion_pass(const Slice<T>& s, double beta1_, double beta2_) {
  const T lr(s.lr), kept(1 - s.lr * s.decay), beta1(beta1_), beta2(beta2_);
  T *w = s.w, *m = s.state[0];
  const T* g = s.g;
  for (std::int64_t i = 0; i < s.n; ++i) {
    const T direction = beta1 * m[i] + (1 - beta1) * g[i];
    w[i] = kept * w[i] - lr * T((direction > 0) - (direction < 0));
    m[i] = beta2 * m[i] + (1 - beta2) * g[i];
  }
}

class Lion final : public Optimizer {
 public:
  struct Params : BaseRate {
    Params() : BaseRate{.lr = 1e-4, .weight_decay = 0.1} {}
    double beta1 = 0.9;
    double beta2 = 0.99;
  };
  explicit Lion(const Params& p) : Optimizer(p, {{"mean"}}), p_(p) {}

 private:
  void change(const Job& job) override {
    const double beta1 = job.rates.momentum.value_or(p_.beta1);
    each_slice(job, [&](const auto& slice) { lion_pass(slice, beta1, p_.beta2); });
  }

  Params p_;
};

}  // namespace

IngredientEntry optimizer_lion() {
  using P = Lion::Params;
  Fields<P> fields;
  add_rate(fields, "the paper: 3 to 10 times below AdamW's");
  fields
      .add("beta1", &P::beta1, from_below(0, 1),
           "share of the average in the direction of a step; one_cycle moves it")
      .add("beta2", &P::beta2, from_below(0, 1), "share of the average gradient that is kept");
  add_weight_decay(fields, kDecoupled, "the paper: 3 to 10 times above AdamW's");
  return describe_optimizer<Lion>(
      {.name = "optimizer.lion",
       .doc = "Every weight moves by the rate, in the direction of its mean gradient's sign.",
       .source = "Chen et al. 2023, arXiv:2302.06675",
       .formula =
           "w <- (1 - lr weight_decay) w - lr sign(beta1 m + (1 - beta1) g); m <- beta2 m + (1 - beta2) g",
       .interactions = "A step is as long whatever the gradient's length: clipping and the weights of losses "
                       "change its direction only."},
      fields);
}

}  // namespace ablate::ingredients
