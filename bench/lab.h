#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "bench/noise.h"
#include "bench/scratch_folder.h"
#include "harness/core/canonical.h"
#include "harness/data/pack.h"
#include "harness/execute/safetensors.h"
#include "harness/train/training.h"

namespace ablate {

/// Trainings of one network at width 1.0 on noise, three epochs of a few steps.
class Lab {
 public:
  static constexpr int kBatch = 128, kSize = 32, kClasses = 10, kEpochs = 3, kSteps = 8;

  explicit Lab(std::string network)
      : network_(std::move(network)),
        packed_(pack(noise_data({kSize, kClasses, kBatch * kSteps}), {{"size", kSize}}, scratch_.path())),
        log_(scratch_.path()) {
    save_weights(scratch_.path() / "teacher.safetensors",
                 initial_weights(training::build_backbone(backbone(), {3, kSize, kSize, kClasses}), 2));
  }

  /// Calls `use` with a training that has this ingredient, and with the ingredient itself.
  void with(const std::string& family, const std::string& name, nlohmann::json settings,
            const std::function<void(training::Training&, Ingredient&)>& use) {
    if (family == "distill") settings["teacher"] = kTeacher;
    auto recipe = plain_recipe();
    if (family == "optimizer" && name != "sam") recipe["optimizer"].clear();
    recipe[family][name] = settings;
    request_ = request_for(recipe);
    training::Training training(request_, ingredient_catalogue(), nlohmann::json::object(), log_);
    for (auto& member : training.kit)
      if (member.name == family + "." + name) use(training, *member.ingredient);
  }

 private:
  inline static const nlohmann::json kTeacher{{"weights", "the student's network"}};

  nlohmann::json backbone() const { return {{network_, {{"width", 1.0}}}}; }
  nlohmann::json plain_recipe() const {
    return {{"data", {{"synthetic", {{"size", kSize}, {"fingerprint", packed_.fingerprint}}}}},
            {"backbone", backbone()},
            {"train", {{"epochs", kEpochs}, {"batch", kBatch}}},
            {"optimizer", {{"sgd", nlohmann::json::object()}}}};
  }
  Request request_for(const nlohmann::json& recipe) const {
    Request request;
    request.data = packed_.file;
    request.spec = {{"recipe", recipe}, {"seed", 1}, {"versions", nlohmann::json::object()}};
    request.trajectory = sha256(canonical(request.spec));
    request.runs = {{request.trajectory, request.spec}};
    request.teachers[canonical(kTeacher)] = {.file = scratch_.path() / "teacher.safetensors",
                                             .backbone = backbone()};
    return request;
  }

  std::string network_;
  ScratchFolder scratch_;
  PackResult packed_;
  training::Log log_;
  Request request_;
};

}  // namespace ablate
