#include "ingredients/augment/magnitude.h"

#include <algorithm>
#include <cmath>

namespace ablate::ingredients {
namespace {

/// torch.linspace without its rounding to single precision, which depends on the machine and would turn 16
/// pixels into 15 on some.
double evenly(double first, double last, int bins, double bin) {
  return first + (last - first) * bin / (bins - 1);
}

double timm_blend_factor(double share, bool negative, TimmScale scale) {
  if (scale != TimmScale::Increasing) return share * 1.8 + 0.1;
  return std::max(0.1, 1 + (negative ? -0.9 : 0.9) * share);
}

}  // namespace

bool is_signed(Operation operation, TimmScale scale) {
  return is_geometric(operation) || (is_blend(operation) && scale == TimmScale::Increasing);
}

double timm_argument(Operation operation, double level, bool negative, TimmScale scale) {
  const double share = level / 10, sign = negative ? -1 : 1;
  const bool increasing = scale == TimmScale::Increasing;
  switch (operation) {
    case Operation::Posterize: {
      const int bits = int(share * 4);
      return increasing ? 4 - bits : scale == TimmScale::Original ? 4 + bits : bits;
    }
    case Operation::Solarize: {
      const int threshold = std::min(256, int(share * 256));
      return increasing ? 256 - threshold : threshold;
    }
    case Operation::SolarizeAdd:
      return std::min(128, int(share * 110));
    case Operation::Rotate:
      return sign * share * 30;
    case Operation::ShearX:
    case Operation::ShearY:
      return sign * share * 0.3;
    case Operation::TranslateX:
    case Operation::TranslateY:
      return sign * share * 0.45;
    default:
      return is_blend(operation) ? timm_blend_factor(share, negative, scale) : 0;
  }
}

bool is_signed(Operation operation) {
  return is_geometric(operation) || is_blend(operation);
}

double torchvision_magnitude(const TorchvisionSpace& space, Operation operation, double bin, int size) {
  switch (operation) {
    case Operation::Posterize:
      return 8 - std::nearbyint(bin / ((space.bins - 1) / space.posterize_bits));
    case Operation::Solarize:
      return evenly(255, 0, space.bins, bin);
    case Operation::Rotate:
      return evenly(0, space.degrees, space.bins, bin);
    case Operation::ShearX:
    case Operation::ShearY:
      return evenly(0, space.shear, space.bins, bin);
    case Operation::TranslateX:
    case Operation::TranslateY:
      return evenly(0, space.translate_share * size + space.translate_pixels, space.bins, bin);
    default:
      return is_blend(operation) ? evenly(0, space.blend, space.bins, bin) : 0;
  }
}

double torchvision_argument(Operation operation, double magnitude) {
  if (translates(operation)) return -std::trunc(magnitude);  // whole pixels, to the right and down
  return is_blend(operation) ? 1 + magnitude : magnitude;
}

}  // namespace ablate::ingredients
