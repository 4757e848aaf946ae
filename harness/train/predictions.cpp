#include "harness/train/predictions.h"

#include <ATen/ATen.h>

#include "harness/execute/safetensors.h"

namespace ablate::training {

void save_predictions(const Training& training, const Said& said, const std::filesystem::path& folder) {
  const auto& test = training.task.parts.test;
  auto labels = at::empty({std::int64_t(test.size())}, at::kLong);
  auto* label = labels.data_ptr<std::int64_t>();
  for (const auto id : test) *label++ = training.task.data->label(id);
  TensorFile file{{{"labels", labels}, {"probabilities", said.logits.softmax(1)}}, {}};
  std::filesystem::create_directories(folder / "predictions");
  for (const auto& run : said.runs) {
    file.metadata = {{"run", run}, {"variant", said.variant}, {"epoch", std::to_string(training.at.epochs)}};
    save_tensors(folder / "predictions" / (run + ".safetensors"), file);
  }
}

}  // namespace ablate::training
