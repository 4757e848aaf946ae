#include <ATen/ops/empty.h>

#include <algorithm>

#include "ingredients/norms.h"
#include "ingredients/optimizer/adam.h"

namespace ablate::ingredients {
namespace {

struct LambNumbers {
  AdamNumbers adam;
  double gradient_scale = 1;
  bool always_adapt = false, trust_clip = false;
};

/// ||w|| / ||u||, and 1 where either norm is 0.
double trust_ratio(double weight_squares, double step_squares) {
  if (weight_squares == 0 || step_squares == 0) return 1;
  return std::sqrt(weight_squares / step_squares);
}

/// u = m^ / (sqrt(v^) + eps) + decay w;  w -= lr (||w|| / ||u||) u for the weights of one tensor (You et al.
/// 2020). Without decay there is no ratio either, unless `always_adapt` (timm). `u` has room for n values.
template <class T>
void lamb_pass(const Slice<T>& s, T* u, const LambNumbers& r) {
  const T beta1(r.adam.beta1), beta2(r.adam.beta2), eps(r.adam.eps), decay(s.decay), scale(r.gradient_scale),
      mean(1 / bias_correction(r.adam.beta1, r.adam.update)),
      root(std::sqrt(bias_correction(r.adam.beta2, r.adam.update)));
  T *w = s.w, *m = s.state[0], *v = s.state[1];
  const T* g = s.g;
  for (std::int64_t i = 0; i < s.n; ++i) {
    const T gradient = scale * g[i];
    m[i] = beta1 * m[i] + (1 - beta1) * gradient;
    v[i] = beta2 * v[i] + (1 - beta2) * gradient * gradient;
    u[i] = mean * m[i] / (std::sqrt(v[i]) / root + eps) + decay * w[i];
  }
  double ratio = 1;
  if (s.decay != 0 || r.always_adapt) ratio = trust_ratio(squares_of(w, s.n), squares_of(u, s.n));
  if (r.trust_clip) ratio = std::min(ratio, 1.0);
  const T step(s.lr * ratio);
  for (std::int64_t i = 0; i < s.n; ++i) w[i] -= step * u[i];
}

class Lamb final : public Optimizer {
 public:
  struct Params : BaseRate {
    Params() : BaseRate{.lr = 5e-3, .weight_decay = 0.02} {}
    double beta1 = 0.9;
    double beta2 = 0.999;
    double eps = 1e-6;
    std::optional<double> max_grad_norm = 1.0;
    bool always_adapt = false;
    bool trust_clip = false;
  };
  explicit Lamb(const Params& p) : Optimizer(p, {{"mean"}, {"square"}}), p_(p) {}

 private:
  void prepare(const Update& update) override {
    gradient_scale_ = 1;
    if (p_.max_grad_norm) gradient_scale_ = 1 / std::max(1.0, gradient_norm(update.sets) / *p_.max_grad_norm);
  }
  void change(const Job& job) override {
    const LambNumbers numbers{.adam = {.beta1 = job.rates.momentum.value_or(p_.beta1),
                                       .beta2 = p_.beta2,
                                       .eps = p_.eps,
                                       .update = job.update},
                              .gradient_scale = gradient_scale_,
                              .always_adapt = p_.always_adapt,
                              .trust_clip = p_.trust_clip};
    make_room(job.set);
    each_slice(job, segment_runs(job.set), [&](const auto& slice) {
      using T = std::remove_pointer_t<decltype(slice.w)>;
      lamb_pass(slice, step_.data_ptr<T>(), numbers);
    });
  }
  /// For the step of the longest tensor of the set.
  void make_room(const ParameterSet& set) {
    std::int64_t longest = 0;
    for (const auto& run : segment_runs(set)) longest = std::max(longest, run.length);
    if (!step_.defined() || step_.numel() < longest || step_.scalar_type() != set.values.scalar_type())
      step_ = at::empty({longest}, at::TensorOptions(set.values.scalar_type()));
  }

  Params p_;
  double gradient_scale_ = 1;  // of the update at hand
  at::Tensor step_;
};

}  // namespace

IngredientEntry optimizer_lamb() {
  using P = Lamb::Params;
  const char* const vanilla = "VanillaKD's recipe A2, arXiv:2305.15781 (batch 2048)";
  Fields<P> fields;
  add_rate(fields, vanilla);
  add_betas(fields, "timm Lamb")
      .add("eps", &P::eps, above(0), "added to the root of the mean square", "timm Lamb")
      .add("max_grad_norm", &P::max_grad_norm, above(0),
           "the norm of all gradients together is brought down to this first; null: not", "timm Lamb")
      .add("always_adapt", &P::always_adapt, any(), "a trust ratio for tensors without decay too",
           "timm Lamb")
      .add("trust_clip", &P::trust_clip, any(), "trust ratios of at most 1", "timm Lamb");
  add_weight_decay(fields, "added to a tensor's step, times its weights, before the step is scaled", vanilla);
  return describe_optimizer<Lamb>(
      {.name = "optimizer.lamb",
       .doc = "Adam whose step is scaled, tensor by tensor, to the norm of the weights.",
       .source = "You et al. 2020, arXiv:1904.00962; timm Lamb",
       .formula = "g <- g / max(1, ||g|| / max_grad_norm), the norm over all tensors; u = m^ / (sqrt(v^) + "
                  "eps) + weight_decay w, m^ and v^ as in optimizer.adam; w <- w - lr (||w|| / ||u||) u, "
                  "tensor by tensor, the ratio 1 where a norm is 0, or the decay without always_adapt",
       .interactions = "Clips gradients itself, by `max_grad_norm`, after `regularize.agc`. A tensor that "
                       "`regularize.weight_decay` excludes loses its trust ratio too, so the length of its "
                       "step changes; without `weight_decay` none has one, but for `always_adapt`. Branches "
                       "of `reparam` are tensors of their own, with ratios of their own."},
      fields);
}

}  // namespace ablate::ingredients
