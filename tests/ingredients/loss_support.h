#pragma once

#include <ATen/core/Tensor.h>

#include <nlohmann/json.hpp>
#include <string>

#include "ingredients/ingredient.h"

namespace ablate::test {

/// Logits of a set of losses.json, "student" or "teacher": written out, or filled.
at::Tensor logits_of(const nlohmann::json& set, const std::string& who);
/// Its labels as distributions.
at::Tensor one_hot(const nlohmann::json& set);
/// Values of a stream, row-major, times `scale`.
at::Tensor filled(const std::vector<std::int64_t>& shape, std::uint64_t stream, double scale = 1);

/// One step of a training: what losses look at.
struct LossStep {
  at::Tensor student, targets, labels;
  std::map<std::string, at::Tensor> teachers;  // logits by reference {"run": name}

  /// The terms that an ingredient adds, behind a task term of its weight.
  Loss terms(Ingredient& ingredient, const at::Tensor& task, int epoch = 0) const;
  /// What it puts in the place of the task term.
  at::Tensor task(Ingredient& ingredient) const;
};

/// The reference of a teacher called `name`.
nlohmann::json teacher_ref(const std::string& name);
/// A distillation of that name from the teacher "T"; `given` may name others.
std::unique_ptr<Ingredient> distillation(const std::string& name,
                                         nlohmann::json given = nlohmann::json::object());

}  // namespace ablate::test
