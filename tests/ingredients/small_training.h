#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/train/trainer.h"

namespace ablate::test {

/// Runs the real trainer on a handful of drawn images of 16 pixels: three steps of eight an epoch, two
/// epochs.
class SmallTraining {
 public:
  SmallTraining();
  ~SmallTraining();
  SmallTraining(const SmallTraining&) = delete;
  SmallTraining& operator=(const SmallTraining&) = delete;

  /// A recipe with crop, flip and sgd and nothing else on, under the executor that ABLATE_TEST_EXECUTOR names
  /// if it is set.
  nlohmann::json recipe(const nlohmann::json& backbone) const;
  /// The recipe with an ingredient on, in the place of what its family has room for only once.
  nlohmann::json with(nlohmann::json recipe, const IngredientEntry& entry, const nlohmann::json& given) const;
  /// The recipe without it.
  nlohmann::json without(nlohmann::json recipe, const IngredientEntry& entry) const;
  /// False when it rewrites networks and finds nothing to change in this one: an error of the sweep.
  bool applies(const IngredientEntry& entry, const nlohmann::json& backbone,
               const nlohmann::json& given) const;
  /// What an entry's settings must name: teachers.
  nlohmann::json complete(const IngredientEntry& entry, nlohmann::json given) const;

  struct Result {
    Outcome outcome;
    /// Raw weights at the end by plain path, branch and link, so that forms with and without branches
    /// compare.
    std::map<std::string, at::Tensor> weights;
    nlohmann::json epochs = nlohmann::json::array();       // metrics of each epoch
    nlohmann::json evaluations = nlohmann::json::array();  // without runs
    nlohmann::json counters, invalid;

    const nlohmann::json& reported() const;
  };
  struct How {
    int stop_after_steps = 0;  // then it is resumed
    std::vector<IngredientEntry> catalogue = ingredient_catalogue();
  };
  Result train(const nlohmann::json& recipe, const How& how) const;
  Result train(const nlohmann::json& recipe) const { return train(recipe, How{}); }

 private:
  Request request_for(const nlohmann::json& recipe) const;
  Result read(const std::filesystem::path& folder, const nlohmann::json& recipe) const;

  std::filesystem::path root_;
  nlohmann::json data_, teacher_, teacher_backbone_;
  std::filesystem::path pack_;
  mutable int folders_ = 0;
};

/// "<unit>|<branch>|<link>|<kind>": what a tensor is, whatever it is called.
std::map<std::string, at::Tensor> by_place(const Graph& graph,
                                           const std::map<std::string, at::Tensor>& by_name);

/// Expects the same keys and the same bits.
void expect_same_bits(const std::map<std::string, at::Tensor>& a, const std::map<std::string, at::Tensor>& b);

}  // namespace ablate::test
