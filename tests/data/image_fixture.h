#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "harness/data/image.h"

namespace ablate::test {

/// augment.json of the fixtures; an empty file fails.
const nlohmann::json& augment_fixture();
/// A list of it, which must not be empty.
const nlohmann::json& augment_list(const std::string& name);

Image stream_image(int height, int width, std::uint64_t stream);
Image smooth_image(int height, int width);
Image plain_image(int height, int width, std::uint8_t value);
/// The image of 32 x 32 that the fixture calls "noise", "smooth" or "low".
Image fixture_image(const std::string& name);

std::string digest_of_image(const Image& image);
/// Pixels at the fixture's points, its row and its mean, each to `levels`.
void expect_matches(const Image& image, const nlohmann::json& expected, int levels);
/// Every byte: the fixture's digest, and where that differs its row.
void expect_same_bytes(const Image& image, const nlohmann::json& expected);

}  // namespace ablate::test
