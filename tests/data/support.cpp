#include "tests/data/support.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <spng.h>

#include <cstdlib>
#include <fstream>
#include <iostream>

namespace ablate::test {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (fs::temp_directory_path() / "ablate-data-XXXXXX").string();
  path_ = ::mkdtemp(pattern.data());
}

TemporaryFolder::~TemporaryFolder() {
  fs::remove_all(path_);
}

fs::path data_file(const std::string& name) {
  return fs::path(ABLATE_TEST_ROOT) / "tests/data/files" / name;
}

bool unpack(const std::string& archive, const fs::path& folder) {
  const char* given = std::getenv("ABLATE_TEST_DATA");
  const fs::path data = given ? fs::path(given) : fs::path(ABLATE_TEST_ROOT) / "../shared/data";
  if (!fs::exists(data / archive)) {
    std::cout << archive << " is not in " << data << ": set ABLATE_TEST_DATA to the folder that holds it\n";
    return false;
  }
  const auto command = fmt::format("tar -xf '{}' -C '{}'", (data / archive).string(), folder.string());
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  return true;
}

void write_test_file(const fs::path& path, const std::string& content) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

std::string plain_png(int height, int width, int red, int green, int blue) {
  const std::string pixel{char(red), char(green), char(blue)};
  std::string pixels;
  for (int i = 0; i < height * width; ++i) pixels += pixel;
  spng_ctx* png = spng_ctx_new(SPNG_CTX_ENCODER);
  spng_set_option(png, SPNG_ENCODE_TO_BUFFER, 1);
  spng_ihdr header{.width = std::uint32_t(width),
                   .height = std::uint32_t(height),
                   .bit_depth = 8,
                   .color_type = SPNG_COLOR_TYPE_TRUECOLOR};
  spng_set_ihdr(png, &header);
  EXPECT_EQ(spng_encode_image(png, pixels.data(), pixels.size(), SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE), 0);
  std::size_t size = 0;
  int result = 0;
  void* bytes = spng_get_png_buffer(png, &size, &result);
  const std::string text(static_cast<const char*>(bytes), size);
  std::free(bytes);
  spng_ctx_free(png);
  return text;
}

void make_image_folder(const fs::path& root, int images) {
  for (const std::string split : {"train", "test"})
    for (const std::string name : {"apple", "pear"})
      for (int i = 0; i < images; ++i)
        write_test_file(root / split / name / fmt::format("{:03}.png", i),
                        plain_png(8, 8, i, split == "train" ? 10 : 20, name == "pear" ? 30 : 40));
}

nlohmann::json folder_at(const fs::path& root) {
  return {{"path", root.string()}, {"size", 8}};
}

PackResult pack_set(const std::string& entry, const nlohmann::json& settings, const fs::path& store) {
  return pack(*find_data(entry), settings, store);
}

}  // namespace ablate::test
