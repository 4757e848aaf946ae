#include "harness/train/evaluation.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "harness/train/batches.h"
#include "harness/train/statistics.h"

namespace ablate::training {
namespace {

void score(const at::Tensor& logits, const at::Tensor& labels, Scores& scores) {
  const auto rows = logits.contiguous();
  const auto* label = labels.data_ptr<std::int64_t>();
  const auto classes = std::size_t(rows.size(1));
  const auto* row = rows.data_ptr<float>();
  for (std::int64_t n = 0; n < rows.size(0); ++n, row += classes) scores.add({row, classes}, label[n]);
}

at::Tensor logits_of(const Contender& contender, const Batch& batch, const Pass& pass) {
  const auto ask = [&](const at::Tensor& seen) {
    return contender.network->forward_with(*contender.weights, seen, pass).logits;
  };
  const auto images = contender.attack ? contender.attack(batch, ask) : batch.images;
  return contender.flip ? (ask(images) + ask(images.flip({3}))).div_(2) : ask(images);
}

Weights delivered(const Training& training, const Weights& weights) {
  Weights copy = weights.clone();
  for (const auto& i : training.kit) i->deliver(copy);
  for (const auto& i : training.kit)
    if (const int batches = i->statistics_batches(); batches > 0)
      recompute_statistics(training, batches, copy);
  return copy;
}

}  // namespace

std::vector<Evaluated> evaluate(const Training& training, const std::vector<std::uint32_t>& ids,
                                const std::vector<Contender>& contenders, const ImageTransform& transform) {
  const at::NoGradGuard no_gradients;
  std::vector<Evaluated> results(contenders.size());
  std::vector<at::Tensor> logits(contenders.size());
  std::vector<Pass> passes(contenders.size());
  for (auto& pass : passes) pass.kept = std::make_shared<KeptWeights>();
  std::vector<std::vector<at::Tensor>> kept(contenders.size());  // a batch each
  const PlainBatches how{training.evaluation_size(), training.task.evaluate.batch,
                         training.request.loader_threads, transform};
  each_plain_batch(training.task, ids, how, [&](const Batch& batch) {
    for (std::size_t c = 0; c < contenders.size(); ++c) {
      const int twin = contenders[c].twin;
      logits[c] = logits_of(contenders[c], batch, passes[c]);
      score(logits[c], batch.labels, results[c].scores);
      if (contenders[c].keep) kept[c].push_back(logits[c].to(at::kFloat));
      if (twin < 0) continue;
      const auto difference = (logits[c] - logits[std::size_t(twin)]).abs().max().item<double>();
      auto& largest = results[c].difference;
      if (!std::isnan(largest) && !(difference <= largest)) largest = difference;
    }
    return true;
  });
  for (std::size_t c = 0; c < contenders.size(); ++c)
    if (!kept[c].empty()) results[c].logits = at::cat(kept[c]);
  return results;
}

Variant raw_variant(Training& training) {
  return {nullptr, delivered(training, training.student->weights())};
}

std::vector<Variant> further_variants(const Training& training) {
  std::vector<Variant> variants;
  for (const auto& member : training.kit)
    if (const auto* weights = member->average()) variants.push_back({&member, delivered(training, *weights)});
  return variants;
}

std::vector<Reported> reported_variants(const Training& training, const std::vector<Variant>& variants) {
  std::vector<Reported> all;
  for (const auto& group : training.groups) {
    const auto* variant = &training.reported(group, variants);
    auto found = std::ranges::find(all, variant, &Reported::variant);
    if (found == all.end()) found = all.insert(all.end(), {variant, {}});
    found->runs.insert(found->runs.end(), group.runs.begin(), group.runs.end());
  }
  return all;
}

}  // namespace ablate::training
