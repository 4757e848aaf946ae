#include "harness/execute/fusion/stacked_weights.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/eye.h>

namespace ablate::fusion {

at::Tensor stacked_weights(const Work& work, const std::vector<FoldedBranch>& branches, int outputs,
                           int inputs) {
  std::vector<at::Tensor> all;
  for (const auto& branch : branches)
    all.push_back(branch.weight ? work.tensors()[*branch.weight].detach().reshape({outputs, inputs})
                                : at::eye(inputs, at::TensorOptions(at::kFloat)));
  return at::cat(all).contiguous();
}

}  // namespace ablate::fusion
