#include "harness/train/epoch_end.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "harness/core/journal.h"
#include "harness/train/checkpoint.h"
#include "harness/train/evaluation.h"
#include "harness/train/statistics.h"

namespace ablate::training {
namespace {

bool validates(const Training& training) {
  const int epoch = training.at.epoch + 1;
  return !training.task.parts.validation.empty() &&
         (epoch % training.task.evaluate.every == 0 || epoch == training.at.epochs);
}

void add_validation(const std::string& variant, const Scores& scores, nlohmann::json& metrics) {
  const auto prefix = "validation." + variant + ".";
  metrics[prefix + "top1"] = finite_or_text(scores.top1());
  metrics[prefix + "top5"] = finite_or_text(scores.top5());
  metrics[prefix + "loss"] = finite_or_text(scores.loss());
  metrics[prefix + "ece"] = finite_or_text(scores.calibration_error());
}

nlohmann::json training_metrics(const EpochSums& sums) {
  const auto images = double(sums.images);
  nlohmann::json metrics{{"lr", finite_or_text(sums.lr)}, {"train.loss", finite_or_text(sums.loss / images)}};
  for (const auto& [term, sum] : sums.terms) metrics["train." + term] = finite_or_text(sum / images);
  return metrics;
}

void tell_ingredients(Training& training, const std::optional<Validation>& validation) {
  Progress last = training.at;
  last.step = last.steps_per_epoch - 1;
  EpochEnd end{last, validation, *training.student, [&](int batches, const auto& use) {
                 over_training_data(training, {training.task.options.size, batches}, use);
               }};
  for (const auto& i : training.kit) i->after_epoch(end);
}

/// Each group of runs keeps the weights of the epoch whose reported form is the best so far, the earlier of
/// two equal ones.
void select(Training& training, const std::vector<Variant>& variants, const std::vector<Evaluated>& results) {
  for (std::size_t g = 0; g < training.groups.size(); ++g) {
    const auto& group = training.groups[g];
    const auto& reported = training.reported(group, variants);
    if (!group.averages.empty() && !reported.of) continue;  // its average has not begun
    const double top1 = results[std::size_t(&reported - variants.data())].scores.top1();
    auto& selection = training.selections[g];
    if (selection.epoch != 0 && top1 <= selection.top1) continue;
    selection = {training.at.epoch + 1, top1, {}};
    for (const auto& variant : variants)
      if (has_variant(group, variant)) selection.variants.push_back({variant.of, variant.weights.clone()});
  }
}

/// Validates around after_epoch: ingredients see the raw result, and the other variants are evaluated as
/// ingredients left them.
void validate(Training& training, nlohmann::json& metrics, nlohmann::json& run_metrics) {
  const auto& ids = training.task.parts.validation;
  Network* network = training.student.get();
  std::vector<Variant> variants;
  variants.push_back(raw_variant(training));
  auto results = evaluate(training, ids, {{network, &variants[0].weights}});
  add_validation("raw", results[0].scores, metrics);
  tell_ingredients(training, Validation{results[0].scores.top1(), results[0].scores.loss()});

  auto further = further_variants(training);
  std::vector<Contender> contenders;
  for (const auto& variant : further) contenders.push_back({network, &variant.weights});
  if (!contenders.empty()) {
    auto more = evaluate(training, ids, contenders);
    std::move(more.begin(), more.end(), std::back_inserter(results));
    std::move(further.begin(), further.end(), std::back_inserter(variants));
  }
  for (std::size_t v = 1; v < variants.size(); ++v)
    for (const auto& run : variants[v].of->runs)
      add_validation(variants[v].name(), results[v].scores, run_metrics[run]);
  select(training, variants, results);
}

/// Null under the reference executor, which has nothing but LibTorch's operations.
nlohmann::json library_seconds(const Training& training) {
  if (training.task.train.executor == "reference") return nullptr;
  return training.sums.library_seconds;
}

}  // namespace

nlohmann::json end_epoch(Training& training) {
  auto metrics = training_metrics(training.sums);
  auto run_metrics = nlohmann::json::object();
  if (validates(training))
    validate(training, metrics, run_metrics);
  else
    tell_ingredients(training, std::nullopt);
  nlohmann::json line{{"type", "epoch"},
                      {"epoch", training.at.epoch + 1},
                      {"metrics", metrics},
                      {"run_metrics", run_metrics},
                      {"seconds", training.sums.seconds},
                      {"library_seconds", library_seconds(training)},
                      {"images", training.sums.images},
                      {"checkpoint", Checkpoints::kNewest}};
  training.finished.push_back(line);
  training.sums = {};
  ++training.at.epoch;
  training.at.step = 0;
  return line;
}

}  // namespace ablate::training
