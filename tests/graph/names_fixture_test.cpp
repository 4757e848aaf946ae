#include <gtest/gtest.h>

#include <string>

#include "harness/graph/rewrite.h"
#include "tests/graph/fixture.h"

namespace ablate::test {
namespace {

std::uint64_t hexadecimal(const nlohmann::json& text) {
  return std::stoull(text.get<std::string>(), nullptr, 16);
}

/// Compares names, shapes and order.
void expect_state(const Graph& graph, const nlohmann::json& expected) {
  const auto state = graph.state();
  ASSERT_EQ(state.size(), expected.size());
  for (std::size_t i = 0; i < state.size(); ++i) {
    ASSERT_EQ(state[i].name, expected[i][0].get<std::string>()) << "at position " << i;
    ASSERT_EQ(state[i].shape, expected[i][1].get<std::vector<std::int64_t>>()) << state[i].name;
  }
}

void expect_tap_shapes(const Graph& graph, const nlohmann::json& taps) {
  for (const auto& tap : taps) {
    const auto& shape = graph.nodes[graph.tap_at(tap.at("module")).node].shape;
    const auto& expected = tap.at("shape");
    EXPECT_EQ(shape.channels, expected[1]) << tap.at("module");
    if (expected.size() < 4) continue;
    EXPECT_EQ(shape.height, expected[2]) << tap.at("module");
    EXPECT_EQ(shape.width, expected[3]) << tap.at("module");
  }
}

TEST(FixtureFill, FollowsTheDefinition) {
  const auto fill = read_fixture(fixture_path("fill.json"));
  for (const auto& entry : fill.at("splitmix64"))
    EXPECT_EQ(splitmix64(hexadecimal(entry.at("seed"))), hexadecimal(entry.at("output")));
  for (const auto& entry : fill.at("unit"))
    EXPECT_EQ(unit_fill(entry.at("stream"), entry.at("index")), entry.at("u").get<double>());
  const auto images = image_fill(1, 32);
  const auto& first = fill.at("input_fill").at("first");
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_EQ(images[i], first[i].get<double>());
}

TEST(FixtureFill, GivesTheValuesOfTheStateEntries) {
  const auto fill = read_fixture(fixture_path("fill.json"));
  ASSERT_FALSE(fill.at("state_fill").empty());
  for (const auto& fixture : model_fixtures())
    for (const auto& expected : fill.at("state_fill")) {
      if (expected.at("file") != fixture.file) continue;
      SCOPED_TRACE(fixture.file + " " + expected.at("key").get<std::string>());
      const std::size_t k = expected.at("k");
      const auto entry = fixture.graph().state().at(k);
      ASSERT_EQ(entry.name, expected.at("key"));
      const auto values = state_fill(entry, k, fixture.data.at("conv_gain"));
      for (std::size_t i = 0; i < expected.at("first").size(); ++i)
        EXPECT_EQ(values[i], expected.at("first")[i].get<double>());
      EXPECT_EQ(values.back(), expected.at("last").get<double>());
      double sum = 0;
      for (const double value : values) sum += value;
      EXPECT_NEAR(sum, expected.at("sum").get<double>(), 1e-9);
    }
}

TEST(FixtureNamesShapesAndCounts, EqualTheReferenceInItsOrder) {
  for (const auto& fixture : model_fixtures()) {
    SCOPED_TRACE(fixture.file);
    const auto graph = fixture.graph();
    expect_state(graph, fixture.data.at("state"));
    EXPECT_EQ(graph.state().size(), fixture.data.at("state_entries"));
    EXPECT_EQ(graph.parameters(), fixture.data.at("params"));
    EXPECT_EQ(graph.macs(), fixture.data.at("macs"));
    if (fixture.data.contains("macs_224")) {
      EXPECT_EQ(fixture.graph(224).macs(), fixture.data.at("macs_224"));
    }
    expect_tap_shapes(graph, fixture.data.at("taps_eval"));
  }
}

TEST(FixtureNamesShapesAndCounts, EqualTheReferenceOnceFused) {
  for (const auto& fixture : model_fixtures()) {
    if (!fixture.data.contains("fused")) continue;
    SCOPED_TRACE(fixture.file);
    const auto& expected = fixture.data.at("fused");
    const auto graph = fused(fixture.graph());
    expect_state(graph, expected.at("state"));
    EXPECT_EQ(graph.parameters(), expected.at("params"));
    EXPECT_EQ(graph.macs(), expected.at("macs"));
    if (expected.contains("macs_224")) {
      EXPECT_EQ(fused(fixture.graph(224)).macs(), expected.at("macs_224"));
    }
  }
}

}  // namespace
}  // namespace ablate::test
