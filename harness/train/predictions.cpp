#include "harness/train/predictions.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "harness/execute/safetensors.h"
#include "harness/train/batches.h"
#include "harness/train/evaluation.h"

namespace ablate::training {
namespace {

/// What the weights say of the test split, in its order.
TensorFile asked(const Training& training, const Weights& weights) {
  const at::NoGradGuard no_gradients;
  std::vector<at::Tensor> labels, probabilities;
  const PlainBatches how{training.evaluation_size(), training.task.evaluate.batch,
                         training.request.loader_threads};
  each_plain_batch(training.task, training.task.parts.test, how, [&](const Batch& batch) {
    labels.push_back(batch.labels);
    probabilities.push_back(
        training.student->forward_with(weights, batch.images, Pass{}).logits.to(at::kFloat).softmax(1));
    return true;
  });
  return {{{"labels", at::cat(labels)}, {"probabilities", at::cat(probabilities)}}, {}};
}

}  // namespace

void save_predictions(const Training& training, const std::vector<Variant>& variants,
                      const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder / "predictions");
  for (const auto& [variant, runs] : reported_variants(training, variants)) {
    auto file = asked(training, variant->weights);
    for (const auto& run : runs) {
      file.metadata = {
          {"run", run}, {"variant", variant->name()}, {"epoch", std::to_string(training.at.epochs)}};
      save_tensors(folder / "predictions" / (run + ".safetensors"), file);
    }
  }
}

}  // namespace ablate::training
