#pragma once

#include <string>

#include "harness/data/image.h"

namespace ablate {

/// A JPEG file of that quality (1..100), colours at half the resolution, as libjpeg's defaults have it.
std::string encode_jpeg(const Image& image, int quality);

}  // namespace ablate
