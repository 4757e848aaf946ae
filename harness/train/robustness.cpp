#include "harness/train/robustness.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include <ATen/ATen.h>

#include "harness/data/corruptions.h"
#include "harness/train/evaluation.h"

namespace ablate::training {
namespace {

/// A batch's noise depends on the images in it alone: every network starts from the same one.
at::Tensor start_noise(const Batch& batch, double radius) {
  static const Stream stream(0, "evaluate.pgd");
  const auto noise = at::empty(batch.images.sizes(), at::kFloat);
  for (std::int64_t n = 0; n < noise.size(0); ++n)
    fill_within(radius, noise[n], stream.at(0, batch.ids[std::size_t(n)]));
  return noise;
}

/// Gradients take the memory of training: a few images at a time, as many as a step of training has.
BatchAttack in_parts(const Attack& attack, bool random_start, std::int64_t part) {
  return [=](const Batch& batch, const Answer& answer) {
    const auto noise = random_start ? std::optional(start_noise(batch, attack.radius)) : std::nullopt;
    std::vector<at::Tensor> parts;
    for (std::int64_t first = 0; first < batch.images.size(0); first += part) {
      const auto slice = [&, n = std::min(part, batch.images.size(0) - first)](const at::Tensor& whole) {
        return whole.narrow(0, first, n);
      };
      parts.push_back(attacked(slice(batch.images), slice(batch.targets), answer, attack,
                               noise ? std::optional(slice(*noise)) : std::nullopt));
    }
    return at::cat(parts);
  };
}

/// The reported variants of the last epoch, on spoiled test splits.
class SpoiledEvaluation {
 public:
  SpoiledEvaluation(const Training& training, const std::vector<Variant>& variants, Record& record)
      : training_(training), record_(record), reported_(reported_variants(training, variants)) {}

  void corrupted(const std::string& name, int severity) const {
    evaluate_as(fmt::format("{}.{}", name, severity), {},
                corruption(name, severity, training_.evaluation_size()));
  }
  void under(const std::string& name, const Attack& attack, bool random_start) const {
    evaluate_as(name, in_parts(attack, random_start, training_.task.train.batch), {});
  }

 private:
  void evaluate_as(const std::string& way, const BatchAttack& attack, const ImageTransform& transform) const {
    std::vector<Contender> contenders;
    for (const auto& one : reported_)
      contenders.push_back(
          {.network = training_.student.get(), .weights = &one.variant->weights, .attack = attack});
    const auto results = evaluate(training_, training_.task.parts.test, contenders, transform);
    for (std::size_t i = 0; i < reported_.size(); ++i)
      record_.evaluation({training_.at.epochs, "last"}, "test@" + way, reported_[i].variant->name(),
                         reported_[i].runs, true, results[i].scores);
  }

  const Training& training_;
  Record& record_;
  std::vector<Reported> reported_;
};

}  // namespace

void evaluate_spoiled(const Training& training, const std::vector<Variant>& variants, Record& record) {
  const auto& settings = training.task.evaluate;
  const SpoiledEvaluation evaluation(training, variants, record);
  for (const auto& name : settings.corruption_list())
    for (const int severity : std::set<int>(settings.severities.begin(), settings.severities.end()))
      evaluation.corrupted(name, severity);
  if (settings.fgsm) {
    const double radius = *settings.fgsm / kLevels;
    evaluation.under("fgsm", {radius, radius, 1}, false);
  }
  if (settings.pgd) {
    const double step = settings.pgd_step.value_or(2.5 * *settings.pgd / settings.pgd_steps);
    evaluation.under("pgd", {*settings.pgd / kLevels, step / kLevels, settings.pgd_steps}, true);
  }
}

}  // namespace ablate::training
