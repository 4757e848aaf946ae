#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "ingredients/ingredient.h"

namespace ablate::ingredients {

/// Small layers that an ingredient trains along with the student (regressors, heads). First all are declared,
/// then made at once.
class Modules {
 public:
  /// Same padding; with a bias unless a norm follows.
  void convolution(const std::string& name, int in, int out, int kernel, bool bias);
  void linear(const std::string& name, int in, int out);
  /// Always by the statistics of the batch: there is no evaluation to keep running ones for.
  void norm(const std::string& name, int channels);

  /// Asks for the tensors, if any were declared, and fills them: U(+-1 / sqrt(fan_in)) from the stream of the
  /// ingredient's name; norms start at 1, 0.
  void make(Setup& setup);

  at::Tensor convolve(const std::string& name, const at::Tensor& x) const;  // [N, C, H, W]
  at::Tensor project(const std::string& name, const at::Tensor& x) const;   // [N, features]
  at::Tensor normalise(const std::string& name, const at::Tensor& x) const;

 private:
  void declare(const std::string& name, Kind kind, std::vector<std::int64_t> shape, std::int64_t fan_in);

  std::vector<StateEntry> entries_;
  std::vector<std::int64_t> fan_in_;
  Weights* weights_ = nullptr;
};

}  // namespace ablate::ingredients
