#include "ingredients/ingredient.h"

#include <ATen/TensorOperators.h>
#include <c10/util/Exception.h>

namespace ablate {

void Loss::add(const std::string& name, double weight, const at::Tensor& value) {
  for (const auto& term : terms_) TORCH_CHECK(term.name != name, "two loss terms are called ", name);
  terms_.push_back({name, weight, value});
}

void Loss::scale(const std::string& name, double factor) {
  for (auto& term : terms_)
    if (term.name == name) {
      term.weight *= factor;
      return;
    }
  TORCH_CHECK(false, "there is no loss term ", name);
}

at::Tensor Loss::total() const {
  at::Tensor sum;
  for (const auto& term : terms_) {
    if (term.weight == 0) continue;
    const auto part = term.weight == 1 ? term.value : term.value * term.weight;
    sum = sum.defined() ? sum + part : part;
  }
  TORCH_CHECK(sum.defined(), "no loss term has a weight");
  return sum;
}

}  // namespace ablate
