#pragma once

#include <cstdint>
#include <string_view>

#include "harness/data/image.h"

namespace ablate {

/// Throws Error unless both sides are at least 1 and the area is at most 100 megapixels: what a few bytes of
/// a file may claim.
void check_dimensions(std::uint64_t height, std::uint64_t width);

/// `decode_image` for bytes that start as a JPEG does.
Image decode_jpeg(std::string_view bytes);
/// `decode_image` for bytes that start as a PNG does.
Image decode_png(std::string_view bytes);

}  // namespace ablate
