#include "ingredients/ingredient.h"

#include <ATen/TensorOperators.h>

namespace ablate {

void Loss::add(const std::string& name, double weight, const at::Tensor& value) {
  terms_.push_back({name, weight, value});
}

at::Tensor Loss::total() const {
  at::Tensor sum;
  for (const auto& term : terms_) {
    const auto part = term.weight == 1 ? term.value : term.value * term.weight;
    sum = sum.defined() ? sum + part : part;
  }
  return sum;
}

}  // namespace ablate
