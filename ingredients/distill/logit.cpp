#include <ATen/TensorOperators.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/softmax.h>

#include "harness/core/canonical.h"
#include "ingredients/counting.h"
#include "ingredients/distill/task_weight.h"

namespace ablate::ingredients {
namespace {

/// t^2 times the mean over the batch of sum_c -p_t log p_s, of logits [N, C] softened by t; t^2 keeps the
/// scale of the gradient (Hinton, Vinyals, Dean 2015, section 2).
at::Tensor softened_cross_entropy(const at::Tensor& student, const at::Tensor& teacher, double t) {
  const auto target = at::softmax(teacher / t, 1);
  return (target * at::log_softmax(student / t, 1)).sum() * (-t * t / double(student.size(0)));
}

/// The same for KL(p_t || p_s): less the teacher's entropy, so of equal gradient, and 0 when the student
/// agrees.
at::Tensor softened_divergence(const at::Tensor& student, const at::Tensor& teacher, double t) {
  const auto log_target = at::log_softmax(teacher / t, 1);
  const auto difference = log_target - at::log_softmax(student / t, 1);
  return (log_target.exp() * difference).sum() * (t * t / double(student.size(0)));
}

class LogitDistillation final : public Counting {
 public:
  struct Params {
    TeacherRef teacher;
    double temperature = 4;
    double kd_weight = 0.9;
    double ce_weight = 0.1;
    std::string form = "divergence";
  };
  explicit LogitDistillation(const Params& p) : Counting("batches"), p_(p), key_(canonical(p.teacher.id)) {}

  void begin(Setup& setup) override {
    name_ = setup.name();
    setup.want_teacher(p_.teacher);
  }
  std::optional<double> task_weight() const override { return p_.ce_weight; }
  void add_loss(const Step& step, Loss& loss) override {
    const auto& student = step.student.logits;
    const auto& teacher = step.teachers.at(key_).logits;
    TORCH_CHECK(student.sizes() == teacher.sizes(),
                "student and teacher differ in classes: ", student.sizes(), " and ", teacher.sizes());
    const auto value = p_.form == "divergence" ? softened_divergence(student, teacher, p_.temperature)
                                               : softened_cross_entropy(student, teacher, p_.temperature);
    loss.add(name_, p_.kd_weight, value);
    count();
  }

 private:
  Params p_;
  std::string key_, name_;
};

std::vector<std::string> logit_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  auto reasons = task_weight_refusals(settings, recipe);
  if (settings.at("kd_weight") == 0 && settings.at("ce_weight") == 0)
    reasons.push_back(
        "kd_weight and ce_weight are both 0: nothing would be learnt; give one of them a weight");
  return reasons;
}

}  // namespace

IngredientEntry distill_logit() {
  using P = LogitDistillation::Params;
  return describe<LogitDistillation>(
      {.name = "distill.logit",
       .stage = Stage::Loss,
       .doc = "Match the teacher's softened logits on the same pixels.",
       .source = "Hinton, Vinyals, Dean 2015, arXiv:1503.02531",
       .needs_teacher = true,
       .neutral = {nlohmann::json::object({{"kd_weight", 0.0}, {"ce_weight", 1.0}})},
       .counters = {"batches"},
       .refuses = logit_refusals},
      Fields<P>{}
          .add("teacher", &P::teacher, any(), "whose logits to match")
          .required()
          .add("temperature", &P::temperature, between(0.1, 100), "softens both sets of logits",
               "RepDistiller's CIFAR setting")
          .add("kd_weight", &P::kd_weight, at_least(0), "weight of this term", "RepDistiller's CIFAR setting")
          .add("ce_weight", &P::ce_weight, at_least(0), "weight of the task term",
               "RepDistiller's CIFAR setting")
          .add("form", &P::form, one_of({"divergence", "cross_entropy"}),
               "how the term is written down: without the teacher's entropy, or with it (GhostNetV3); "
               "gradients are equal"));
}

}  // namespace ablate::ingredients
