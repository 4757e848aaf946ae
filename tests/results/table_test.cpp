#include "results/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

#include "results/layout.h"
#include "tests/results/table_fixture.h"

namespace ablate {
namespace {

using synthetic::Journal;
using synthetic::Json;
using synthetic::kBase;
using synthetic::message_of;
using synthetic::Plan;
using synthetic::TableTest;
using synthetic::with;
using testing::HasSubstr;
using testing::Not;

/// Compares with tests/results/golden/<name>; ABLATE_UPDATE_GOLDEN=1 writes it instead, to be read as a diff.
void expect_golden(std::string text, const std::string& name) {
  text = std::regex_replace(text, std::regex("ledger [0-9a-f]{12}"), "ledger <digest>");
  text = std::regex_replace(text, std::regex("\"ledger\": \"[0-9a-f]{64}\""), "\"ledger\": \"<digest>\"");
  const std::string path = ABLATE_TEST_ROOT "/tests/results/golden/" + name;
  if (std::getenv("ABLATE_UPDATE_GOLDEN")) std::ofstream(path) << text;
  std::ifstream file(path);
  std::stringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(text, expected.str());
}

TEST_F(TableTest, OfOneBackboneHasTheIntervalsOfSciPy) {
  add_plain_sweep();
  expect_golden(table(), "plain.txt");
  expect_golden(table(Format::Markdown), "plain.md");
  expect_golden(table(Format::Csv), "plain.csv");
  expect_golden(table(Format::Json), "plain.json");
}

// Means, sample deviations, differences and half-widths of the rows that have them (numpy,
// scipy.stats.t.ppf):
//   GhostNetV2   reference 70.20 0.26; Mixup 70.55 0.21, +0.30 with two pairs (0.4, 0.2) ± 1.27; KD 71.25
//   0.35, +1.00 ± 0.00 MobileNetV2  reference 68.20 0.20; Mixup 68.30, one pair +0.30
TEST_F(TableTest, MarksAndCountsWhatIsMissing) {
  add_troubled_sweep();
  expect_golden(table(), "trouble.txt");
  expect_golden(table(Format::Markdown), "trouble.md");
  expect_golden(table(Format::Csv), "trouble.csv");
}

TEST_F(TableTest, FitsIntoATerminal) {
  add_troubled_sweep();
  std::istringstream text(table());
  for (std::string line; std::getline(text, line);) {
    const auto width =
        std::count_if(line.begin(), line.end(), [](unsigned char c) { return (c & 0xc0) != 0x80; });
    EXPECT_LE(width, 120) << line;
  }
}

TEST_F(TableTest, PivotsOnAFactor) {
  Plan plan("grid", "Weight and temperature");
  plan.table("(c) weight x T", {"weights", "distill.logit.temperature"}, "distill.logit.temperature");
  const auto recipe = [](double weight, int t) {
    return with({{"distill", {{"logit", {{"temperature", t}, {"ce_weight", weight}}}}}});
  };
  plan.json["sweep"]["factors"] = {{"weights", {{"1:1", {{"distill.logit.ce_weight", 1}}}}},
                                   {"distill.logit.temperature", {1, 2}}};
  plan.arm("Net", "reference", Json::object(), recipe(0.1, 4), "r4", {1, 2});
  plan.arm("Net", "temperature=1", {{"distill.logit.temperature", "1"}}, recipe(0.1, 1), "r1", {1, 2});
  plan.arm("Net", "weights=1:1", {{"weights", "1:1"}}, recipe(1, 4), "w4", {1, 2});
  plan.arm("Net", "weights=1:1, temperature=1", {{"weights", "1:1"}, {"distill.logit.temperature", "1"}},
           recipe(1, 1), "w1", {1, 2});
  add(plan);
  finish("r4", {70.0, 71.0});
  finish("r1", {70.5, 71.5});
  finish("w4", {69.0, 70.4});
  finish("w1", {69.5});
  expect_golden(table(), "pivot.txt");
}

// Of seeds 1 to 3: (69.7 - 70.5) - (69.0 - 70.0), (71.3 - 71.5) - (70.4 - 71.0) and (71.8 - 72.9) - (71.0 -
// 72.0) are 0.2, 0.4 and -0.1: mean 0.17, sd 0.2517; t(0.975, 2) = 4.3027, so the half-width is 0.63.
TEST_F(TableTest, SaysWhatTwoFactorsDoTogetherBeyondEachByItself) {
  Plan plan("precision");
  plan.table("", {"mix", "train.precision"}, "train.precision");
  const auto arm = [&](const std::string& label, const Json& levels, const std::string& key) {
    auto recipe = kBase;
    if (levels.contains("mix")) recipe["mix"] = {{"mixup", Json::object()}};
    if (levels.contains("train.precision")) recipe["train"]["precision"] = "bf16";
    plan.arm("Net", label, levels, recipe, key, {1, 2, 3});
  };
  arm("reference", Json::object(), "ref");
  arm("precision=bf16", {{"train.precision", "bf16"}}, "bf16");
  arm("mix=Mixup", {{"mix", "Mixup"}}, "mixup");
  arm("both", {{"mix", "Mixup"}, {"train.precision", "bf16"}}, "both");
  add(plan);
  finish("ref", {70.0, 71.0, 72.0});
  finish("bf16", {70.5, 71.5, 72.9});
  finish("mixup", {69.0, 70.4, 71.0});
  finish("both", {69.7, 71.3, 71.8});
  const auto text = table();
  const auto block = text.substr(text.find("Interaction ± 95 %"));
  EXPECT_THAT(block, HasSubstr("+0.17 ± 0.63"));
  EXPECT_THAT(text, HasSubstr("Interaction: a row's difference"));
  const auto rows = Json::parse(table(Format::Json))["panels"][0]["rows"];
  EXPECT_NEAR(rows[3]["cells"][0]["interaction"]["mean"].get<double>(), 0.5 / 3, 1e-9);
  EXPECT_FALSE(rows[2]["cells"][0].contains("interaction"));
}

TEST_F(TableTest, ShowsADifferenceWithoutAnIntervalForOneSeed) {
  Plan plan("single");
  plan.table("", {"mix"});
  plan.arm("Net", "reference", Json::object(), kBase, "ref", {1});
  plan.arm("Net", "mix=+ Mixup", {{"mix", "+ Mixup"}}, with({{"mix", {{"mixup", Json::object()}}}}), "mixup",
           {1});
  add(plan);
  finish("ref", {70.0});
  finish("mixup", {69.5});
  EXPECT_THAT(table(), HasSubstr("−0.50 [n/a]"));
}

TEST_F(TableTest, ReadsRunsThatShareATrajectory) {
  Plan plan("ema");
  plan.table("", {"average.ema.decay"});
  for (const std::string decay : {"0.9", "0.99"})
    plan.arm("Net", decay == "0.9" ? "reference" : "decay=0.99",
             decay == "0.9" ? Json::object() : Json{{"average.ema.decay", decay}},
             with({{"average", {{"ema", {{"decay", std::stod(decay)}}}}}}), "ema" + decay, {1});
  for (auto& [key, run] : plan.json["runs"].items()) run["trajectory"] = "shared";
  add(plan);
  Journal journal{"shared", {"ema0.9-1", "ema0.99-1"}, {}};
  journal.begin(1).facts();
  journal.evaluation("raw", journal.runs, 0.60, false).evaluation("ema", {"ema0.9-1"}, 0.625);
  fold(journal.evaluation("ema", {"ema0.99-1"}, 0.655).end("done"));
  const auto text = table();
  EXPECT_THAT(text, HasSubstr("62.50"));
  EXPECT_THAT(text, HasSubstr("+3.00 [n/a]"));
  EXPECT_THAT(text, HasSubstr("reported variant: ema"));
  EXPECT_THAT(table(Format::Text, [](auto& options) { options.variant = "raw"; }), HasSubstr("60.00"));
}

TEST_F(TableTest, SaysWhatIsReportedWhereOnlySomeRecipesHaveAnAverage) {
  Plan plan("some");
  plan.table("", {"average"});
  plan.arm("Net", "reference", Json::object(), kBase, "ref", {1});
  plan.arm("Net", "average=ema", {{"average", "ema"}}, with({{"average", {{"ema", Json::object()}}}}), "ema",
           {1});
  add(plan);
  finish("ref", {60.0});
  Journal journal{"ema-1", {"ema-1"}, {}};
  journal.begin(1).facts().evaluation("raw", {"ema-1"}, 0.60, false).evaluation("ema", {"ema-1"}, 0.625);
  fold(journal.end("done"));
  EXPECT_THAT(table(Format::Markdown),
              HasSubstr("reported variant: ema where a recipe averages weights so, else raw."));
}

TEST_F(TableTest, HasTheSameBytesForTheSameResults) {
  add_plain_sweep();
  const auto first = table(Format::Json);
  finish("ref", {91.37});
  EXPECT_EQ(table(Format::Json), first);
}

TEST_F(TableTest, ShowsTimesUnlessTheyAreLeftOut) {
  add_plain_sweep();
  EXPECT_THAT(table(), Not(HasSubstr("s/epoch")));
  const auto text = table(Format::Text, [](auto& options) { options.times = true; });
  EXPECT_THAT(text, HasSubstr("s/epoch"));
  EXPECT_THAT(text, HasSubstr("12.5"));
}

TEST_F(TableTest, ShowsOtherMetrics) {
  add_plain_sweep();
  EXPECT_THAT(table(Format::Text, [](auto& options) { options.metric = "loss"; }),
              HasSubstr("0.5000 ± 0.0000"));
  EXPECT_THAT(message_of([&] { table(Format::Text, [](auto& options) { options.metric = "top"; }); }),
              HasSubstr("did you mean 'top1'?"));
}

TEST_F(TableTest, CanBeLaidOutAnewWithoutTraining) {
  add_plain_sweep();
  Plan again("recipe", "Relabelled");
  again.table("Only one row", {"mix"});
  again.arm("Net", "reference", Json::object(), kBase, "ref", {1, 2, 3});
  const auto text = table(Format::Text, [&](auto& options) { options.layout = again.json; });
  EXPECT_THAT(text, HasSubstr("Relabelled"));
  EXPECT_THAT(text, HasSubstr("91.42 ± 0.07"));  // of 91.37, 91.50, 91.39
  EXPECT_THAT(text, Not(HasSubstr("Mixup")));
}

TEST_F(TableTest, KeepsLabelsApartThatCollide) {
  Plan plan("collide");
  plan.table("", {"distill.logit.temperature", "distill.dkd.temperature"});
  plan.arm("Net", "reference", Json::object(), kBase, "ref", {1});
  plan.arm("Net", "temperature=2", {{"distill.logit.temperature", "2"}},
           with({{"distill", {{"logit", {{"temperature", 2}}}}}}), "a", {1});
  plan.arm("Net", "temperature=2", {{"distill.dkd.temperature", "2"}},
           with({{"distill", {{"dkd", {{"temperature", 2}}}}}}), "b", {1});
  plan.json["sweep"]["factors"] = {{"distill", {"KD"}}};
  add(plan);
  const auto text = table();
  EXPECT_THAT(text, HasSubstr("temperature=2 (distill.logit.temperature=2)"));
  EXPECT_THAT(text, HasSubstr("temperature=2 (distill.dkd.temperature=2)"));
}

TEST_F(TableTest, SaysWhenTrainingsRanInDifferentEnvironments) {
  add_plain_sweep();
  EXPECT_THAT(table(), HasSubstr("1 environment."));
  fold(synthetic::finished("ref-1", 1, 0.9137).begin(2, nullptr, {{"cpu", "B"}}).end("done"));
  EXPECT_THAT(table(), HasSubstr("2 environments (mixed"));
}

TEST_F(TableTest, AsksWhichSweepIsMeant) {
  EXPECT_THAT(message_of([&] { table(); }), HasSubstr("no sweep yet"));
  add_plain_sweep();
  add_troubled_sweep();
  EXPECT_THAT(message_of([&] { table(); }), HasSubstr("recipe, trouble"));
  EXPECT_THAT(message_of([&] { table(Format::Text, [](auto& options) { options.sweep = "recpe"; }); }),
              HasSubstr("did you mean 'recipe'?"));
  EXPECT_NO_THROW(table(Format::Text, [](auto& options) { options.sweep = "trouble"; }));
}

TEST_F(TableTest, TakesTheSameLayoutFromTheLedgerAsFromThePlan) {
  Plan plan("both");
  plan.table("(a)", {"z", "mix"});
  plan.arm("Net", "reference", Json::object(), kBase, "ref", {1, 2});
  plan.arm("Net", "both", {{"mix", "+ Mixup"}, {"z", "1"}}, kBase, "x", {1, 2});
  plan.teacher("R56", "teacher");
  add(plan);
  const auto stored = stored_layout(*ledger_, ""), given = layout_of(plan.json);
  EXPECT_EQ(stored.tables[0].arms[1].levels, given.tables[0].arms[1].levels);
  EXPECT_EQ(stored.tables[0].arms[1].levels[0].first, "z");
  EXPECT_EQ(stored.tables[0].arms[0].runs, given.tables[0].arms[0].runs);
  EXPECT_EQ(stored.keys(), given.keys());
}

}  // namespace
}  // namespace ablate
