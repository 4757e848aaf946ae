#include "harness/train/step.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace ablate::training {
namespace {

/// Other weights for a while; the last change is undone first.
class Perturbation {
 public:
  explicit Perturbation(Training& training) {
    for (const auto& i : training.kit) undo_.push_back(i->perturb(*training.student, training.at));
  }
  ~Perturbation() {
    const at::NoGradGuard no_gradients;
    while (!undo_.empty()) undo_.pop_back();
  }
  Perturbation(const Perturbation&) = delete;
  Perturbation& operator=(const Perturbation&) = delete;

 private:
  std::vector<Undo> undo_;
};

/// The term "task": cross-entropy, or what an ingredient puts in its place.
at::Tensor task_value(const Kit& kit, const Step& step) {
  for (const auto& i : kit)
    if (auto value = i->task_loss(step)) return *value;
  const auto images = step.batch.targets.size(0);
  return soft_cross_entropy(step.student.logits.narrow(0, 0, images), step.batch.targets);
}

double task_weight(const Kit& kit) {
  for (const auto& i : kit)
    if (const auto weight = i->task_weight()) return *weight;
  return 1;
}

Loss loss_of(const Kit& kit, const Step& step) {
  Loss loss;
  loss.add("task", task_weight(kit), task_value(kit, step));
  for (const auto& i : kit) i->add_loss(step, loss);
  return loss;
}

Pass with_frozen_statistics(Pass pass) {
  pass.update_statistics = false;
  return pass;
}

/// The optimizer, inside the wrappers from that position of the kit on.
void update_inside(const Kit& kit, std::size_t from, Update& update, const std::function<void()>& gradients) {
  if (from < kit.size()) {
    kit[from]->wrap(update, gradients, [&] { update_inside(kit, from + 1, update, gradients); });
    return;
  }
  for (const auto& i : kit) i->after_backward(update);
  for (const auto& i : kit) i->apply(update);
}

}  // namespace

at::Tensor soft_cross_entropy(const at::Tensor& logits, const at::Tensor& targets) {
  return -(targets * at::log_softmax(logits, 1)).sum() / logits.size(0);
}

LossValues values_of(const Loss& loss, const at::Tensor& total) {
  LossValues values;
  values.total = total.item<double>();
  for (const auto& term : loss.terms())
    values.terms[term.name] = term.weight == 0 ? 0 : term.weight * term.value.item<double>();
  return values;
}

LossValues compute_gradients(Training& training, const Batch& batch, const Answers& answers,
                             const Pass& pass) {
  training.student->weights().clear_gradients();
  for (auto& along : training.along) along.weights.clear_gradients();
  const Perturbation perturbation(training);
  const at::AutoGradMode with_gradients(true);
  const auto output = training.student->forward(batch.images, pass);
  const Step step{training.at, batch, output, answers, *training.student, pass};
  const auto loss = loss_of(training.kit, step);
  const auto total = loss.total();
  const auto values = values_of(loss, total);
  if (values.finite()) total.backward();
  return values;
}

Rates scheduled_rates(const Training& training) {
  Rates rates;
  for (const auto& i : training.kit) i->schedule(rates, training.at);
  return rates;
}

void apply_update(const Kit& kit, Update& update, const std::function<void()>& gradients) {
  update_inside(kit, 0, update, gradients);
}

double learning_rate(const Kit& kit, const Rates& rates) {
  if (rates.lr) return *rates.lr;
  for (const auto& member : kit)
    if (member.entry->family == "optimizer" && !member.entry->wrapper)
      return member.settings.value("lr", 1.0) * rates.lr_factor;
  return rates.lr_factor;
}

LossValues train_step(Training& t, Batch& batch) {
  for (const auto& i : t.kit) i->transform_batch(batch, t.at);
  const auto answers = t.teachers.answer(batch, t.at);
  const auto pass = t.pass();
  {
    const at::AutoGradMode with_gradients(true);
    for (const auto& i : t.kit) i->before_forward(batch, *t.student, pass, t.at);
  }

  auto loss = compute_gradients(t, batch, answers, pass);
  if (!loss.finite()) return loss;

  Update update{t.at, scheduled_rates(t), t.sets};
  apply_update(t.kit, update, [&] {  // SAM asks for this
    const auto again = compute_gradients(t, batch, answers, with_frozen_statistics(pass));
    if (!again.finite()) loss.total = again.total;
  });
  t.sums.lr = learning_rate(t.kit, update.rates);
  if (!update.postponed)
    for (const auto& i : t.kit) i->after_step(*t.student, t.at);
  return loss;
}

}  // namespace ablate::training
