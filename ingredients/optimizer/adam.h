#pragma once

#include <cmath>

#include "ingredients/optimizer/optimizer.h"

namespace ablate::ingredients {

/// The numbers of one update.
struct AdamNumbers {
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  bool decoupled = false;
  std::int64_t update = 1;
};

/// m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;  w -= lr m^ / (sqrt(v^) + eps) with both
/// corrected for their start at zero (Kingma and Ba 2015, arXiv:1412.6980). Coupled decay is part of g;
/// decoupled, w is multiplied by 1 - lr decay first (Loshchilov and Hutter 2019, arXiv:1711.05101).
template <class T>
void adam_pass(const Slice<T>& s, const AdamNumbers& r) {
  const T beta1(r.beta1), beta2(r.beta2), eps(r.eps), decay(r.decoupled ? 0 : s.decay),
      kept(r.decoupled ? 1 - s.lr * s.decay : 1), step(s.lr / bias_correction(r.beta1, r.update)),
      root(std::sqrt(bias_correction(r.beta2, r.update)));
  T *w = s.w, *m = s.state[0], *v = s.state[1];
  const T* g = s.g;
  for (std::int64_t i = 0; i < s.n; ++i) {
    const T gradient = g[i] + decay * w[i];
    m[i] = beta1 * m[i] + (1 - beta1) * gradient;
    v[i] = beta2 * v[i] + (1 - beta2) * gradient * gradient;
    w[i] = kept * w[i] - step * m[i] / (std::sqrt(v[i]) / root + eps);
  }
}

enum class Decay { Coupled, Decoupled };

/// Adam with the one decay or the other.
template <Decay kDecay>
class AdamOptimizer final : public Optimizer {
 public:
  struct Params : BaseRate {
    Params() : BaseRate{.lr = 1e-3, .weight_decay = kDecay == Decay::Coupled ? 0 : 0.01} {}
    double beta1 = 0.9;
    double beta2 = 0.999;
    double eps = 1e-8;
  };
  explicit AdamOptimizer(const Params& p) : Optimizer(p, {{"mean"}, {"square"}}), p_(p) {}

 private:
  void change(const Job& job) override {
    const AdamNumbers numbers{.beta1 = job.rates.momentum.value_or(p_.beta1),
                              .beta2 = p_.beta2,
                              .eps = p_.eps,
                              .decoupled = kDecay == Decay::Decoupled,
                              .update = job.update};
    each_slice(job, [&](const auto& slice) { adam_pass(slice, numbers); });
  }

  Params p_;
};

/// Adds the two averages' decays.
template <class P>
Fields<P>& add_betas(Fields<P>& fields, const std::string& source) {
  return fields
      .add("beta1", &P::beta1, from_below(0, 1),
           "share of the average gradient that is kept; one_cycle moves it", source)
      .add("beta2", &P::beta2, from_below(0, 1), "share of the average squared gradient that is kept",
           source);
}

}  // namespace ablate::ingredients
