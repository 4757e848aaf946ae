#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace ablate {

/// Where two recipes differ: "mix.mixup.alpha: absent -> 0.2", a line a key that is not an object.
std::vector<std::string> differences(const nlohmann::json& from, const nlohmann::json& to);

/// The same for resolved recipes; an ingredient that only one of them has is one line, without the settings
/// at their defaults: "mix.mixup: off -> on (alpha 0.4)".
std::vector<std::string> recipe_differences(nlohmann::json from, nlohmann::json to);

}  // namespace ablate
