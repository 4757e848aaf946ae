#include "harness/train/statistics.h"

#include "harness/train/batches.h"
#include "ingredients/batch_statistics.h"

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
  ingredients::BatchStatistics statistics(weights, training.task.seed, 0);
  over_training_data(training, {training.evaluation_size(), batches}, [&](const Batch& batch) {
    const bool smaller = int(batch.ids.size()) < training.task.train.batch;
    if (smaller && statistics.batches() > 0) return;  // the last one, which would count as much as the others
    statistics.add(*training.student, batch.images);
  });
  statistics.finish();
}

}  // namespace ablate::training
