#include "tests/data/image_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "harness/data/image_operations.h"

namespace ablate::test {
namespace {

using Json = nlohmann::json;

Sampling sampling_of(const Json& given) {
  static const std::map<std::string, Interpolation> interpolations{{"nearest", Interpolation::Nearest},
                                                                   {"bilinear", Interpolation::Bilinear},
                                                                   {"bicubic", Interpolation::Bicubic}};
  return {interpolations.at(given.at("resample")), given.at("fill").get<std::array<std::uint8_t, 3>>()};
}

/// False for an operation that is not ours.
bool apply_named(const std::string& op, const Json& given, Image& image) {
  const auto number = [&](const char* name) { return given.at(name).get<double>(); };
  static const std::map<std::string, void (*)(Image&)> plain{
      {"AutoContrast", autocontrast}, {"Equalize", equalize}, {"Invert", invert}};
  static const std::map<std::string, void (*)(Image&, double)> blends{{"Color", adjust_color},
                                                                      {"Contrast", adjust_contrast},
                                                                      {"Brightness", adjust_brightness},
                                                                      {"Sharpness", adjust_sharpness}};
  static const std::map<std::string, std::pair<const char*, void (*)(Image&, double, const Sampling&)>>
      geometry{{"ShearX", {"factor", shear_x}},
               {"ShearY", {"factor", shear_y}},
               {"TranslateX", {"pixels", translate_x}},
               {"TranslateY", {"pixels", translate_y}},
               {"Rotate", {"degrees", rotate}}};
  if (plain.count(op)) {
    plain.at(op)(image);
  } else if (blends.count(op)) {
    blends.at(op)(image, number("factor"));
  } else if (geometry.count(op)) {
    const auto& [argument, function] = geometry.at(op);
    function(image, number(argument), sampling_of(given));
  } else if (op == "Posterize") {
    posterize(image, given.at("bits"));
  } else if (op == "Solarize") {
    solarize(image, number("threshold"));
  } else if (op == "SolarizeAdd") {
    EXPECT_EQ(given.at("threshold"), 128);
    solarize_add(image, given.at("add"));
  } else {
    return false;
  }
  return true;
}

TEST(ImageOperationsFixture, GiveTheFixturesBytes) {
  for (const auto& one : augment_list("ops")) {
    SCOPED_TRACE(one.at("op").get<std::string>() + " of " + one.at("image").get<std::string>() + " " +
                 one.at("params").dump());
    Image image = fixture_image(one.at("image"));
    EXPECT_TRUE(apply_named(one.at("op"), one.at("params"), image)) << "covered by nothing";
    expect_same_bytes(image, one);
  }
}

/// The images that the fixture describes in words; an empty one for other words.
Image image_in_words(const std::string& words) {
  if (words == "constant 77, 8x8") return plain_image(8, 8, 77);
  if (words != "left half 0, right half 200, 8x8") return {};
  Image image = plain_image(8, 8, 0);
  for (int y = 0; y < 8; ++y) std::fill(image.at(y, 4), image.at(y, 4) + 3 * 4, std::uint8_t(200));
  return image;
}

TEST(ImageOperationsFixture, CopeWithImagesOfOneOrTwoValues) {
  for (const auto& one : augment_list("degenerate")) {
    SCOPED_TRACE(one.dump());
    Image image = image_in_words(one.at("image"));
    ASSERT_FALSE(image.pixels.empty()) << "covered by nothing";
    const Image before = image;
    ASSERT_TRUE(apply_named(one.at("op"), Json::object(), image)) << "covered by nothing";
    const auto& pixels = one.at("pixels");
    for (int i = 0; i < 64; ++i) {
      const auto* was = before.at(0, i);
      const auto& expected = pixels.at(was[0] == 200 ? pixels.size() - 1 : 0);
      for (int c = 0; c < 3; ++c) EXPECT_EQ(image.at(0, i)[c], expected[c].get<int>());
    }
  }
}

}  // namespace
}  // namespace ablate::test
