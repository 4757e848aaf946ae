#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ablate::training {

/// RFC 4648, padded.
std::string to_base64(const std::vector<std::uint8_t>& bytes);

}  // namespace ablate::training
