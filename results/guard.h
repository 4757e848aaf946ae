#pragma once

#include "results/layout.h"

namespace ablate {

/// Throws Error, naming rows and keys, when the recipes of a table differ from their reference, or those of
/// two backbones' references from each other, in anything that neither factors nor panels nor `adapt` change.
void refuse_unvaried_differences(const Layout& layout);

}  // namespace ablate
