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

/// Decodes JPEG or PNG by content, whatever the name says. Greyscale and palettes become RGB, 16-bit channels
/// keep their upper byte, CMYK is converted, alpha is dropped (the colours under it stay as stored), EXIF
/// orientation is ignored. Throws Error with the reason (without a file name) for anything broken, a picture
/// that ends early or any other damage that decoders merely warn of included, and for more than 100
/// megapixels.
Image decode_image(std::string_view bytes);

}  // namespace ablate
