#include "harness/data/image.h"

#include <fmt/format.h>

#include "harness/core/problems.h"
#include "harness/data/decoders.h"

namespace ablate {

void check_dimensions(std::uint64_t height, std::uint64_t width) {
  constexpr std::uint64_t kMostPixels = 100'000'000;
  if (height == 0 || width == 0) throw Error("the image has no pixels");
  if (height > kMostPixels || width > kMostPixels || height * width > kMostPixels)
    throw Error(fmt::format("{} x {} pixels are more than the 100 megapixels that are read", width, height));
}

Image decode_image(std::string_view bytes) {
  constexpr std::string_view kJpeg = "\xFF\xD8\xFF", kPng = "\x89PNG\r\n\x1A\n";
  if (bytes.empty()) throw Error("the file is empty");
  if (bytes.starts_with(kJpeg)) return decode_jpeg(bytes);
  if (bytes.starts_with(kPng)) return decode_png(bytes);
  throw Error("neither a JPEG nor a PNG");
}

}  // namespace ablate
