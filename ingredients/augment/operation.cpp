#include "ingredients/augment/operation.h"

#include <array>

namespace ablate::ingredients {

std::string_view name_of(Operation operation) {
  constexpr std::array<std::string_view, 16> kNames{
      "Identity", "AutoContrast", "Equalize",  "Invert", "Posterize", "Solarize",   "SolarizeAdd", "Color",
      "Contrast", "Brightness",   "Sharpness", "ShearX", "ShearY",    "TranslateX", "TranslateY",  "Rotate"};
  return kNames[std::size_t(operation)];
}

void carry_out(Image& image, Operation operation, double argument, const Sampling& sampling) {
  switch (operation) {
    case Operation::Identity:
      return;
    case Operation::AutoContrast:
      return autocontrast(image);
    case Operation::Equalize:
      return equalize(image);
    case Operation::Invert:
      return invert(image);
    case Operation::Posterize:
      return posterize(image, int(argument));
    case Operation::Solarize:
      return solarize(image, argument);
    case Operation::SolarizeAdd:
      return solarize_add(image, int(argument));
    case Operation::Color:
      return adjust_color(image, argument);
    case Operation::Contrast:
      return adjust_contrast(image, argument);
    case Operation::Brightness:
      return adjust_brightness(image, argument);
    case Operation::Sharpness:
      return adjust_sharpness(image, argument);
    case Operation::ShearX:
      return shear_x(image, argument, sampling);
    case Operation::ShearY:
      return shear_y(image, argument, sampling);
    case Operation::TranslateX:
      return translate_x(image, argument, sampling);
    case Operation::TranslateY:
      return translate_y(image, argument, sampling);
    case Operation::Rotate:
      return rotate(image, argument, sampling);
  }
}

bool translates(Operation operation) {
  return operation == Operation::TranslateX || operation == Operation::TranslateY;
}

bool is_geometric(Operation operation) {
  return translates(operation) || operation == Operation::ShearX || operation == Operation::ShearY ||
         operation == Operation::Rotate;
}

bool is_blend(Operation operation) {
  return operation == Operation::Color || operation == Operation::Contrast ||
         operation == Operation::Brightness || operation == Operation::Sharpness;
}

std::span<const Operation> torchvision_operations() {
  using enum Operation;
  static constexpr std::array kAll{Identity,  ShearX,   ShearY,       TranslateX, TranslateY,
                                   Rotate,    Color,    Contrast,     Brightness, Sharpness,
                                   Posterize, Solarize, AutoContrast, Equalize};
  return kAll;
}

std::span<const Operation> timm_operations() {
  using enum Operation;
  static constexpr std::array kAll{AutoContrast, Equalize,    Invert, Rotate,     Posterize,
                                   Solarize,     SolarizeAdd, Color,  Contrast,   Brightness,
                                   Sharpness,    ShearX,      ShearY, TranslateX, TranslateY};
  return kAll;
}

}  // namespace ablate::ingredients
