#include "harness/train/task.h"

#include <fmt/format.h>

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
    throw Error(fmt::format("{}: holds other images (fingerprint {}) than the spec names ({}); pack the data again",
                            request.data.string(), task.data->fingerprint(), wanted));
  task.parts = parts_of(*task.data, task.options);
}

}  // namespace

nlohmann::json with_defaults(const std::vector<ParamInfo>& params, nlohmann::json settings) {
  for (const auto& param : params)
    if (!settings.contains(param.name) && !param.required) settings[param.name] = param.fallback;
  return settings;
}

int Task::steps_per_epoch() const {
  const auto images = int(parts.train.size());
  return train.drop_last ? images / train.batch : (images + train.batch - 1) / train.batch;
}

Task read_task(const Request& request) {
  Task task;
  task.recipe = request.spec.at("recipe");
  task.seed = request.spec.at("seed");
  task.train = train_fields().read(task.recipe.value("train", nlohmann::json::object()));
  task.evaluate = evaluate_fields().read(task.recipe.value("evaluate", nlohmann::json::object()));
  if (task.train.device != "cpu") throw Error(fmt::format("train.device '{}': only cpu is there", task.train.device));
  read_data(request, task);
  if (task.steps_per_epoch() == 0)
    throw Error(fmt::format("{} training images do not fill one batch of {}: lower train.batch, or set train.drop_last to false",
                            task.parts.train.size(), task.train.batch));
  return task;
}

Graph build_backbone(const nlohmann::json& backbone, const Input& input) {
  const auto named = backbone.begin();
  const BackboneEntry* entry = find_backbone(named.key());
  if (!entry) throw Error(fmt::format("unknown backbone '{}'", named.key()));
  return entry->build(with_defaults(entry->params, named.value()), input);
}

}  // namespace ablate::training
