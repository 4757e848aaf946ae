#pragma once

#include <string>
#include <vector>

#include "ingredients/distill/distillation.h"

namespace ablate::ingredients {

/// What every distillation on logits has.
struct LogitParams : TaughtParams {
  std::vector<TeacherRef> teachers;
  std::string ensemble = "probabilities";
  double temperature = 4;
  bool standardize = false;
  std::string label = "argmax";  // of losses that single out one class
};

/// A loss between the logits of student and teacher on the same pixels; several teachers speak as one.
class LogitDistillation : public Distillation {
 public:
  /// Of logits [N, C] and targets [N, C], which are distributions: a mean over the batch.
  at::Tensor loss(const at::Tensor& student, const at::Tensor& teacher, const at::Tensor& targets) const;

 protected:
  explicit LogitDistillation(const LogitParams& p);

 private:
  void prepare(Setup& setup) override;
  at::Tensor value(const Step& step) override;
  /// The formula, on logits that were standardised when that was asked for.
  virtual at::Tensor of_logits(const at::Tensor& student, const at::Tensor& teacher,
                               const at::Tensor& targets) const = 0;
  at::Tensor teacher_logits(const Step& step) const;

  LogitParams p_;
  std::vector<std::string> keys_;  // of the teachers' outputs
};

/// t^2 times the mean over the batch of KL(p_t || p_s), of logits [N, C] softened by t; t^2 keeps the scale
/// of the gradient (Hinton, Vinyals, Dean 2015, section 2).
at::Tensor softened_divergence(const at::Tensor& student, const at::Tensor& teacher, double t);

/// Each row less its mean, by its unbiased standard deviation + 1e-7 (Sun et al. 2024, arXiv:2403.01427).
at::Tensor standardised(const at::Tensor& logits);

/// Logits whose softmax at temperature t is the mean of the members' softmaxes at t.
at::Tensor mean_of_probabilities(const std::vector<at::Tensor>& logits, double t);

/// The class of each row that has the most of the target, as a mask [N, C].
at::Tensor target_class(const at::Tensor& targets);

/// Log-probabilities over the classes outside the mask, 0 inside it.
at::Tensor log_softmax_outside(const at::Tensor& logits, const at::Tensor& mask);

IngredientHeader logit_header(IngredientHeader header);
/// The same for losses that single out the class of a label.
IngredientHeader labelled_header(IngredientHeader header);

/// The parameters that all share. `defaults` says where weights and temperature come from.
template <class P>
Fields<P> logit_fields(const std::string& defaults) {
  return taught_fields<P>(defaults)
      .add("teachers", &P::teachers, any(), "further teachers, whose outputs are averaged with the first's",
           "none")
      .add("ensemble", &P::ensemble, one_of({"probabilities", "logits"}),
           "what is averaged of several teachers: their probabilities at this temperature, or their logits",
           "a mean of probabilities is a distribution whatever the scale of each teacher's logits")
      .add("temperature", &P::temperature, between(0.1, 100), "softens both sets of logits", defaults)
      .add("standardize", &P::standardize, any(),
           "takes from both sets of logits their mean over the classes and divides by their standard "
           "deviation",
           "off; arXiv:2403.01427 takes it with kd_weight 9, ce_weight 0.1, temperature 2");
}

/// The same for losses that single out the class of a label.
template <class P>
Fields<P> labelled_fields(const std::string& defaults) {
  return logit_fields<P>(defaults).add("label", &P::label, one_of({"argmax", "data"}),
                                       "the class that is singled out: where the target, mixed or not, has "
                                       "the most; or what the data set says",
                                       "VanillaKD and cls_KD");
}

}  // namespace ablate::ingredients
