#include "tests/graph/fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <regex>
#include <string>

#include "backbones/catalogue.h"
#include "harness/graph/rewrite.h"

namespace ablate::test {
namespace {

double rounded(double value) {
  return static_cast<float>(value);
}

struct Network {
  std::string backbone;
  nlohmann::json settings;
  bool branches = false;
};

Network network_of(const nlohmann::json& data) {
  const std::string model = data.at("model"), variant = data.at("variant");
  const double width = data.value("width", 1.0);
  std::smatch found;
  if (std::regex_match(model, found, std::regex("ghostnetv([23])(_small)?"))) {
    const std::string layout = found[2].matched ? "small" : "standard";
    return {"ghostnetv2",
            {{"width", width}, {"layout", layout}, {"stem", variant}, {"dropout", 0.0}},
            found[1] == "3"};
  }
  if (model == "mobilenetv2") return {model, {{"width", width}, {"stem", variant}, {"dropout", 0.0}}};
  if (model == "shufflenetv2") return {model, {{"width", width}, {"stem", variant}}};
  if (std::regex_match(model, found, std::regex("resnet([0-9]+)(x([0-9]+))?"))) {
    const int k = found[3].matched ? std::stoi(found[3]) : 1;
    return {"resnet", {{"depth", std::stoi(found[1])}, {"k", k}, {"stem", variant}}};
  }
  throw Error("no backbone is known for the fixture's model '" + model + "'");
}

}  // namespace

std::filesystem::path fixture_folder() {
  const char* given = std::getenv("ABLATE_FIXTURES");
  return given && *given ? std::filesystem::path(given)
                         : std::filesystem::path(ABLATE_TEST_ROOT) / "tests" / "fixtures";
}

std::filesystem::path fixture_path(const std::string& name) {
  const auto given = fixture_folder() / name;
  return std::filesystem::exists(given)
             ? given
             : std::filesystem::path(ABLATE_TEST_ROOT) / "tests" / "fixtures" / name;
}

nlohmann::json read_fixture(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw Error("cannot read fixture " + path.string());
  return nlohmann::json::parse(file);
}

std::uint64_t splitmix64(std::uint64_t seed) {
  std::uint64_t z = seed + 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

double unit_fill(std::uint64_t stream, std::uint64_t index) {
  return static_cast<double>(splitmix64((stream << 32) + index) >> 11) * 0x1.0p-53;
}

double signed_fill(std::uint64_t stream, std::uint64_t index) {
  return 2 * unit_fill(stream, index) - 1;
}

std::vector<double> state_fill(const StateEntry& entry, std::uint64_t k, double conv_gain) {
  double offset = 0, factor = 0.1;
  bool one_sided = false;
  const double fan_in = static_cast<double>(entry.elements()) / static_cast<double>(entry.shape[0]);
  if (entry.kind == Kind::ConvWeight) factor = std::sqrt(conv_gain / fan_in);
  if (entry.kind == Kind::LinearWeight) factor = std::sqrt(3 / fan_in);
  if (entry.kind == Kind::NormWeight) offset = 1, factor = 0.2;
  if (entry.kind == Kind::RunningVar) offset = 1, factor = 0.5, one_sided = true;
  std::vector<double> values(static_cast<std::size_t>(entry.elements()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double product = factor * (one_sided ? unit_fill(k, i) : signed_fill(k, i));
    values[i] = rounded(offset + product);
  }
  return values;
}

std::vector<double> image_fill(int count, int size) {
  std::vector<double> values(static_cast<std::size_t>(count) * 3 * size * size);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = rounded(signed_fill(1u << 20, i));
  return values;
}

Graph ModelFixture::graph(int size) const {
  const auto network = network_of(data);
  Graph graph = find_backbone(network.backbone)->build(network.settings, {3, size, size, data.at("classes")});
  if (network.branches) add_branches(graph, {});
  return graph;
}

std::vector<ModelFixture> model_fixtures() {
  const auto folder = fixture_folder() / "models";
  std::vector<ModelFixture> fixtures;
  std::error_code absent;
  for (const auto& entry : std::filesystem::directory_iterator(folder, absent))
    if (entry.path().extension() == ".json")
      fixtures.push_back({entry.path().stem().string(), read_fixture(entry.path())});
  std::sort(fixtures.begin(), fixtures.end(), [](const auto& a, const auto& b) { return a.file < b.file; });
  for (const auto& fixture : fixtures) std::cout << "covers models/" << fixture.file << ".json\n";
  EXPECT_FALSE(fixtures.empty()) << "no model fixtures in " << folder;
  return fixtures;
}

}  // namespace ablate::test
