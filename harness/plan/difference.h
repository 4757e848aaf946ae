#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace ablate {

/// Where two recipes differ: "mix.mixup.alpha: absent -> 0.2", a line a key that is not an object.
std::vector<std::string> differences(const nlohmann::json& from, const nlohmann::json& to);

}  // namespace ablate
