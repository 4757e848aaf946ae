#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace ablate {

/// An RGB image: height x width x 3 bytes, rows first.
struct Image {
  int height = 0, width = 0;
  std::vector<std::uint8_t> pixels;

  std::uint8_t* at(int y, int x) { return pixels.data() + 3 * (std::size_t(y) * width + x); }
  const std::uint8_t* at(int y, int x) const { return pixels.data() + 3 * (std::size_t(y) * width + x); }
};

/// Decodes JPEG or PNG by content, whatever the name says: greyscale and palette become RGB, alpha is dropped onto black...
/// 16-bit is reduced to 8, CMYK converted, EXIF orientation is ignored. Throws Error with the reason (without a file name).
Image decode_image(std::string_view bytes);

}  // namespace ablate
