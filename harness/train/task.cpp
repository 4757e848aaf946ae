#include "harness/train/task.h"

#include <fmt/format.h>

#include <algorithm>

#include "backbones/catalogue.h"
#include "harness/core/problems.h"

namespace ablate::training {
namespace {

void read_data(const Request& request, Task& task) {
  const auto named = task.recipe.at("data").begin();
  const DataEntry* entry = find_data(named.key());
  if (!entry) throw Error(fmt::format("unknown data set '{}'", named.key()));
  task.options = entry->options(named.value());
  task.data = PackedData::open(request.data);
  const auto wanted = named.value().value("fingerprint", task.data->fingerprint());
  if (wanted != task.data->fingerprint())
    throw Error(
        fmt::format("{}: holds other images (fingerprint {}) than the spec names ({}); pack the data again",
                    request.data.string(), task.data->fingerprint(), wanted));
  task.parts = parts_of(*task.data, task.options);
}

/// Epochs and steps as the recipe says; for a smoke run so few that they are over after `finish_after_steps`.
void read_length(const Request& request, Task& task) {
  const auto images = int(task.parts.train.size());
  const int batch = task.train.batch;
  task.epochs = task.train.epochs;
  task.steps_per_epoch = task.train.drop_last ? images / batch : (images + batch - 1) / batch;
  if (task.steps_per_epoch == 0)
    throw Error(fmt::format(
        "{} training images do not fill one batch of {}: lower train.batch, or set train.drop_last to false",
        images, batch));
  if (const int limit = request.finish_after_steps; limit > 0) {
    task.steps_per_epoch = std::min(task.steps_per_epoch, limit);
    task.epochs = std::min(task.epochs, (limit + task.steps_per_epoch - 1) / task.steps_per_epoch);
  }
}

}  // namespace

nlohmann::json with_defaults(const std::vector<ParamInfo>& params, nlohmann::json settings) {
  for (const auto& param : params)
    if (!settings.contains(param.name) && !param.required) settings[param.name] = param.fallback;
  return settings;
}

Task read_task(const Request& request) {
  Task task;
  task.recipe = request.spec.at("recipe");
  task.seed = request.spec.at("seed");
  task.train = train_fields().read(task.recipe.value("train", nlohmann::json::object()));
  task.evaluate = evaluate_fields().read(task.recipe.value("evaluate", nlohmann::json::object()));
  if (task.train.device != "cpu")
    throw Error(fmt::format("train.device '{}': only cpu is there", task.train.device));
  read_data(request, task);
  read_length(request, task);
  return task;
}

Graph build_backbone(const nlohmann::json& backbone, const Input& input) {
  const auto named = backbone.begin();
  const BackboneEntry* entry = find_backbone(named.key());
  if (!entry) throw Error(fmt::format("unknown backbone '{}'", named.key()));
  return entry->build(with_defaults(entry->params, named.value()), input);
}

}  // namespace ablate::training
