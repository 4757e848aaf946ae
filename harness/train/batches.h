#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "harness/train/kit.h"
#include "harness/train/task.h"

namespace ablate::training {

/// Bytes as 0..1 pixel values in channels_last, labels as one-hot distributions.
Batch to_batch(const ByteBatch& bytes, int classes);

/// How often a sample is drawn, and whether these views are cut and mirrored alike.
struct Views {
  int count = 1;
  bool alike_crops = false;
};

/// The training batches of one epoch, from `at.step` on: what a step sees depends on its number alone.
class EpochBatches {
 public:
  EpochBatches(const Task& task, const Kit& kit, const Progress& at, const Views& views, int loader_threads);
  Batch next();

 private:
  int classes_;
  std::unique_ptr<Loader> loader_;
};

/// How batches without augmentation are made.
struct PlainBatches {
  int size = 0;  // height = width
  int batch = 0;
  int loader_threads = 1;
  ImageTransform transform = {};  // nothing where null
};

/// Images for evaluation or for statistics, in the order of `ids`, resized and cropped, then changed by
/// `how.transform` alone, until `use` is false.
void each_plain_batch(const Task& task, const std::vector<std::uint32_t>& ids, const PlainBatches& how,
                      const std::function<bool(const Batch&)>& use);

/// The training images as the epoch of that number would show them, unmixed and in the order of the training
/// part, until `use` is false.
void each_of_view(const Task& task, const Kit& kit, int epoch, const PlainBatches& how,
                  const std::function<bool(const ByteBatch&)>& use);

}  // namespace ablate::training
