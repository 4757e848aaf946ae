#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/graph/graph.h"

namespace ablate::test {

/// ABLATE_FIXTURES of the environment, else the fixtures of the source tree.
std::filesystem::path fixture_folder();
/// A file in the folder that ABLATE_FIXTURES of the environment names, if it is there; else in the source
/// tree's.
std::filesystem::path fixture_path(const std::string& name);
nlohmann::json read_fixture(const std::filesystem::path& path);

// The pseudo-random fill (README of the fixtures).
std::uint64_t splitmix64(std::uint64_t seed);
/// In [0, 1).
double unit_fill(std::uint64_t stream, std::uint64_t index);
/// In [-1, 1).
double signed_fill(std::uint64_t stream, std::uint64_t index);
/// Values of the state's entry `k`, row-major, each rounded to float32.
std::vector<double> state_fill(const StateEntry& entry, std::uint64_t k, double conv_gain);
/// Images [count, 3, size, size], row-major, each value rounded to float32.
std::vector<double> image_fill(int count, int size);

/// One file of models/.
struct ModelFixture {
  std::string file;  // "mobilenetv2_w1_cifar"
  nlohmann::json data;

  /// The network at an input size, in its training form: branches where the fixture's network has them.
  Graph graph(int size) const;
  Graph graph() const { return graph(data.at("input")); }
};

/// Every file of models/ in ABLATE_FIXTURES (unset: in the source tree), sorted; prints their names. Fails
/// the test when there are none.
std::vector<ModelFixture> model_fixtures();

}  // namespace ablate::test
