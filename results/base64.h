#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ablate {

/// The bytes that a base64 text (RFC 4648, padded) stands for; nothing when it is not one.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace ablate
