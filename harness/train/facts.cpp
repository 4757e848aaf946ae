#include "harness/graph/rewrite.h"
#include "harness/train/finish.h"

namespace ablate::training {
namespace {

nlohmann::json cost_of(const char* form, const Graph& graph) {
  std::int64_t elements = 0;
  for (const auto& entry : graph.state()) elements += entry.elements();
  return {
      {"form", form}, {"parameters", graph.parameters()}, {"macs", graph.macs()}, {"bytes", 4 * elements}};
}

}  // namespace

nlohmann::json facts_of(const Training& training) {
  const auto& graph = training.student->graph();
  const auto& task = training.task;
  return {
      {"parameters_training", graph.parameters()},
      {"macs_training", graph.macs()},
      {"steps_per_epoch", training.at.steps_per_epoch},
      {"train_images", task.parts.train.size()},
      {"validation_images", task.parts.validation.size()},
      {"test_images", task.parts.test.size()},
      {"classes", task.classes()},
      {"skipped_images", task.data->skipped()},
      {"costs",
       {cost_of("training", graph), cost_of("fused", fused(graph)), cost_of("deployed", deployed(graph))}}};
}

}  // namespace ablate::training
