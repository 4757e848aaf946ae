#include "harness/train/statistics.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "harness/execute/operations.h"
#include "harness/train/batches.h"

namespace ablate::training {

void over_training_data(const Training& training, const StatisticsPass& pass,
                        const std::function<void(const Batch&)>& use) {
  const auto& train = training.task.parts.train;
  std::vector<std::uint32_t> ids;
  for (const auto position : training.task.stream("statistics")
                                 .permutation(std::uint32_t(training.at.epoch), std::uint32_t(train.size())))
    ids.push_back(train[position]);
  const PlainBatches how{pass.size, training.task.train.batch, training.request.loader_threads};
  each_plain_batch(training.task, ids, how, [&, left = pass.batches](const Batch& batch) mutable {
    if (left-- > 0) use(batch);
    return left > 0;
  });
}

void recompute_statistics(const Training& training, int batches, Weights& weights) {
  const at::NoGradGuard no_gradients;
  Pass pass;
  pass.training = true;
  pass.seed = training.task.seed;
  auto statistics = weights.statistics();
  auto sum = at::zeros_like(statistics);
  int seen = 0;
  over_training_data(training, {training.evaluation_size(), batches}, [&](const Batch& batch) {
    const bool smaller = int(batch.ids.size()) < training.task.train.batch;
    if (smaller && seen > 0) return;  // the last one, which would count as much as the others
    statistics.zero_();               // so that a pass leaves its own, times the momentum
    pass.step = std::uint64_t(seen++);
    training.student->forward_with(weights, batch.images, pass);
    sum.add_(statistics);
  });
  statistics.copy_(sum.div_(kNormMomentum * seen));
}

}  // namespace ablate::training
