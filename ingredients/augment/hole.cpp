#include "ingredients/augment/hole.h"

namespace ablate::ingredients {

void HoleFill::fill(at::TensorAccessor<float, 3> image, const ImageBox& box, Draw& draw) const {
  for (std::int64_t c = 0; c < image.size(0); ++c) {
    const double mean = mean_[std::size_t(c)], std = std_[std::size_t(c)];
    double value = kind_ == "black" ? 0 : mean;
    if (kind_ == "colour") value += std * draw.normal();
    for (std::int64_t y = box.top; y < box.top + box.height; ++y)
      for (std::int64_t x = box.left; x < box.left + box.width; ++x)
        image[c][y][x] = float(kind_ == "noise" ? mean + std * draw.normal() : value);
  }
}

}  // namespace ablate::ingredients
