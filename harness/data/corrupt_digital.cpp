#include <algorithm>

#include "harness/data/encoder.h"
#include "harness/data/image_corruptions.h"
#include "harness/data/image_operations.h"

namespace ablate {

Corruption jpeg_compression(int quality) {
  return [=](Image& image, Draw) { image = decode_image(encode_jpeg(image, quality)); };
}

Corruption pixelate(double share) {
  return [=](Image& image, Draw) {
    const auto fewer = [=](int n) { return std::max(1, int(n * share)); };
    image = resized(resized(image, fewer(image.height), fewer(image.width), Filter::Box), image.height,
                    image.width, Filter::Box);
  };
}

}  // namespace ablate
