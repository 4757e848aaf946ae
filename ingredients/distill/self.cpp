#include <algorithm>

#include <ATen/core/grad_mode.h>

#include "ingredients/distill/logits.h"

namespace ablate::ingredients {
namespace {

/// The student's weights averaged over its updates teach it: min(d, 1 - 1 / (t + 1)) with t earlier updates,
/// so that the first copies (Tarvainen and Valpola 2017, section 3).
class SelfDistillation final : public Distillation {
 public:
  struct Params : DistillParams {
    double temperature = 1;
    double decay = 0.999;
  };
  explicit SelfDistillation(const Params& p) : Distillation(p), p_(p) {}

  /// Where it starts later than training does, the average starts there too.
  void before_forward(Batch&, Student& student, const Pass&, const Progress&) override {
    if (updates_ == 0) average_.copy_from(student.weights());
  }
  void after_step(Student& student, const Progress&) override {
    const at::NoGradGuard no_gradients;
    const double decay = std::min(p_.decay, 1 - 1 / double(++updates_));
    const auto& weights = student.weights();
    move(average_.trained(), weights.trained(), decay);
    move(average_.statistics(), weights.statistics(), decay);
  }

  void save(Archive& archive) const override {
    Distillation::save(archive);
    archive.tensors["trained"] = average_.trained();
    archive.tensors["statistics"] = average_.statistics();
    archive.values["updates"] = updates_;
  }
  void load(const Archive& archive) override {
    Distillation::load(archive);
    average_.trained().copy_(archive.tensors.at("trained"));
    average_.statistics().copy_(archive.tensors.at("statistics"));
    updates_ = archive.values.at("updates");
  }

 private:
  static void move(at::Tensor average, const at::Tensor& values, double decay) {
    average.mul_(decay).add_(values, 1 - decay);
  }
  void prepare(Setup& setup) override { average_ = setup.weights().clone(); }
  at::Tensor value(const Step& step) override {
    return softened_divergence(step.student.logits, teacher_logits(step), p_.temperature);
  }
  at::Tensor teacher_logits(const Step& step) const {
    const at::NoGradGuard no_gradients;
    return step.network.forward_with(average_, step.batch.images, Pass{}).logits;
  }

  Params p_;
  Weights average_;
  std::int64_t updates_ = 0;
};

}  // namespace

IngredientEntry distill_self() {
  using P = SelfDistillation::Params;
  return describe<SelfDistillation>(
      distill_header(
          {.name = "distill.self",
           .doc = "Match the softened logits of the average of the student's own weights, as it sees the "
                  "same pixels without dropout.",
           .source = "Tarvainen and Valpola 2017, arXiv:1703.01780 (mean teacher)",
           .formula =
               "kd_weight * T^2 * mean_n sum_c p_a log(p_a / p_s), p = softmax(z / T), T = temperature; a <- "
               "d a + (1 - d) w after update u = 1, 2, ..., d = min(decay, 1 - 1 / u)",
           .interactions = "A further forward pass every step, in the form of evaluation. Its average is its "
                           "own: `average.ema` neither reads nor changes it. Counts updates: "
                           "`optimizer.accumulate` makes fewer of them."}),
      distill_fields<P>("as much as the task")
          .add("temperature", &P::temperature, between(0.1, 100), "softens both sets of logits",
               "1: as the student answers")
          .add("decay", &P::decay, from_below(0, 1), "share of the average that an update keeps, later on",
               "the paper, for long trainings"));
}

}  // namespace ablate::ingredients
