#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "harness/core/random.h"
#include "harness/core/tree.h"

namespace ablate {
namespace {

constexpr std::string_view kSweep = R"(// What does each part contribute?
{ "name": "recipe", "title": "Welche Teile tragen? \u00e9 😀",
  "base": { "data": { "cifar10": { "path": "${DATA}/cifar10", "validation": 5000 } },
            "train": { "epochs": 30, "batch": 128 }, "optimizer": { "sgd": { "lr": 0.1, "weight_decay": 5e-4 } } },
  "factors": { "mix": { "+ Mixup": { "mixup": { "alpha": 0.2 } } }, /* two */ "distill.logit.temperature": [1, 2, 8] },
  "design": "one_at_a_time", "seeds": [1, -2, 3], "exclude": [ { "mix": "off" } ], "x": [true, false, null] }
)";

/// Deletes, doubles, replaces or moves a few pieces of the text.
std::string mutated(Draw draw) {
  static constexpr std::string_view kPieces[] = {"{",  "}",  "[",       "]",    ",",    ":",     "\"",
                                                 "\\", "/*", "*/",      "//",   "\n",   "1e999", "-",
                                                 "0",  ".",  "\\ud800", "\xFF", "\xF0", "true"};
  std::string text(kSweep);
  for (auto edits = 1 + draw.below(4); edits > 0; --edits) {
    const auto at = draw.below(static_cast<std::uint32_t>(text.size()));
    const auto length = draw.below(20);
    switch (draw.below(4)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, text.substr(draw.below(static_cast<std::uint32_t>(text.size())), length));
        break;
      case 2:
        text.insert(at, kPieces[draw.below(std::size(kPieces))]);
        break;
      default:
        text[at] = static_cast<char>(draw.below(256));
    }
    if (text.empty()) text = " ";
  }
  return text;
}

TEST(Reader, SurvivesMutationsOfASweep) {
  const Stream stream(1, "mutations");
  int right = 0;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    const auto text = mutated(stream.at(0, i));
    Problems problems;
    const auto tree = read_json(text, "t", problems);
    ASSERT_TRUE(tree || !problems.ok()) << "nothing was read and nothing said of\n" << text;
    for (const auto& problem : problems.sorted()) ASSERT_GT(problem.place.column, 0);
    right += problems.ok();
  }
  EXPECT_GT(right, 100) << "the mutations are too coarse to test what comes after the first mistake";
}

/// Where the stricter reader of nlohmann accepts a text, ours reads the same value or has a reason of its
/// own.
TEST(Reader, AgreesWithAnotherReader) {
  const Stream stream(2, "mutations");
  int compared = 0;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const auto text = mutated(stream.at(0, i));
    const auto other = nlohmann::json::parse(text, nullptr, false, true);
    Problems problems;
    const auto tree = read_json(text, "t", problems);
    if (other.is_discarded() || !problems.ok()) continue;
    ASSERT_EQ(to_json(*tree), other) << text;
    ++compared;
  }
  EXPECT_GT(compared, 100);
}

}  // namespace
}  // namespace ablate
