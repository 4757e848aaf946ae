#pragma once

#include <array>

namespace ablate {

/// The keys by which sweeps and specs name a teacher that is not trained here: a weight file, a TorchScript
/// module, a file of stored outputs.
inline constexpr std::array<const char*, 3> kTeacherFiles{"weights", "module", "outputs"};

}  // namespace ablate
