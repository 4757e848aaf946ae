#pragma once

#include <string>
#include <vector>

#include "harness/data/loader.h"

namespace ablate {

/// How bad a corruption may be: severities 1..5.
inline constexpr int kSeverities = 5;

/// Names of the corruptions that there are, noise first: 18 of the paper's 19. Left out is frost, which is
/// photographs of the authors': drawn frost would be another corruption under that name.
const std::vector<std::string>& corruption_names();

/// The corruption of that name for images of that size: at the strength of CIFAR-10-C up to 64 pixels, at
/// ImageNet-C's above. What it draws depends on name, severity and image alone: every network sees the same
/// pixels. The name must be one of the above.
ImageTransform corruption(const std::string& name, int severity, int size);

}  // namespace ablate
