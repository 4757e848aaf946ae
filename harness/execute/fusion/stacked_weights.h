#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "harness/execute/fusion/steps.h"

namespace ablate::fusion {

/// The weights of a 1x1 unit's branches under each other, [branches * outputs, inputs]; the identity's are a
/// matrix too.
at::Tensor stacked_weights(const Work& work, const std::vector<FoldedBranch>& branches, int outputs,
                           int inputs);

}  // namespace ablate::fusion
