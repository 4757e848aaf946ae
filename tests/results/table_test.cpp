#include "results/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

#include "results/layout.h"
#include "tests/results/synthetic.h"

namespace ablate {
namespace {

using synthetic::Journal;
using synthetic::Json;
using synthetic::Plan;
using testing::HasSubstr;
using testing::Not;

const Json kBase{{"train", {{"epochs", 2}}}, {"optimizer", {{"sgd", {{"lr", 0.1}}}}}};

Json with(const Json& patch) {
  Json recipe = kBase;
  recipe.update(patch);
  return recipe;
}

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

std::string message_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

class TableTest : public testing::Test {
 protected:
  void add(const Plan& plan) { ledger_->add_sweep(plan.json); }
  void fold(const Journal& journal) { ledger_->fold(journal.trajectory, journal.lines); }
  /// Runs <name>-1, <name>-2, ... with these shares of right answers in percent.
  void finish(const std::string& name, const std::vector<double>& percents) {
    for (std::size_t i = 0; i < percents.size(); ++i)
      fold(synthetic::finished(name + "-" + std::to_string(i + 1), static_cast<int>(i + 1),
                               percents[i] / 100));
  }
  std::string table(Format format = Format::Text, const std::function<void(TableOptions&)>& change = {}) {
    TableOptions options;
    options.format = format;
    options.times = false;
    if (change) change(options);
    return comparison_table(*ledger_, options);
  }

  /// One backbone, five seeds. The first pair of `paired` in stats.json (SciPy 1.11): 91.60 and 91.44 on
  /// average, difference 0.164 with the 95 % interval [-0.0137, 0.3417]. CutMix is Mixup's mirror image:
  /// -0.164 [-0.3417, 0.0137].
  void add_plain_sweep() {
    Plan plan("recipe", "Which parts carry over?");
    plan.table("", {"mix"});
    plan.arm("GhostNetV2", "reference", Json::object(), kBase, "ref", {1, 2, 3, 4, 5});
    plan.arm("GhostNetV2", "mix=+ Mixup", {{"mix", "+ Mixup"}},
             with({{"mix", {{"mixup", {{"alpha", 0.2}}}}}}), "mixup", {1, 2, 3, 4, 5});
    plan.arm("GhostNetV2", "mix=+ CutMix", {{"mix", "+ CutMix"}},
             with({{"mix", {{"cutmix", Json::object()}}}}), "cutmix", {1, 2, 3, 4, 5});
    add(plan);
    finish("ref", {91.37, 91.50, 91.39, 91.41, 91.55});
    finish("mixup", {91.52, 91.81, 91.35, 91.70, 91.66});
    finish("cutmix", {91.22, 91.19, 91.43, 91.12, 91.44});
  }

  /// Three backbones with everything that can go wrong.
  void add_troubled_sweep() {
    Plan plan("trouble", "What went wrong");
    plan.table("(a) one at a time", {"mix", "distill"});
    for (const std::string net : {"GhostNetV2", "MobileNetV2", "ShuffleNetV2"}) {
      const auto on_net = [&](Json patch) {
        patch["backbone"] = {{net, Json::object()}};
        return with(patch);
      };
      plan.arm(net, "reference", Json::object(), on_net(Json::object()), net + "-ref", {1, 2, 3});
      plan.arm(net, "mix=+ Mixup", {{"mix", "+ Mixup"}}, on_net({{"mix", {{"mixup", {{"alpha", 0.2}}}}}}),
               net + "-mixup", {1, 2, 3});
      plan.arm(net, "distill=KD", {{"distill", "KD"}}, on_net({{"distill", {{"logit", Json::object()}}}}),
               net + "-kd", {1, 2, 3});
    }
    plan.teacher("R56", "teacher");
    plan.json["sweep"]["teachers"] = {{"R110", {{"weights", "r110.safetensors"}}}};
    add(plan);
    fold(synthetic::finished("teacher", 1, 0.9310));
    finish("GhostNetV2-ref", {70.00, 70.50, 70.10});
    finish("MobileNetV2-ref", {68.00, 68.40, 68.20});
    finish("ShuffleNetV2-ref", {65.00});
    finish("GhostNetV2-mixup", {70.40, 70.70});
    fold(Journal{"GhostNetV2-mixup-3", {"GhostNetV2-mixup-3"}, {}, 3}.begin(1).facts().end("diverged",
                                                                                           "loss is nan"));
    finish("MobileNetV2-mixup", {68.30});
    fold(Journal{"MobileNetV2-mixup-2", {"MobileNetV2-mixup-2"}, {}, 2}.begin(1).end("interrupted"));
    finish("ShuffleNetV2-mixup", {65.50});
    finish("GhostNetV2-kd", {71.00, 71.50, 71.10});
    fold(synthetic::finished("GhostNetV2-kd-3", 3, 0.711)
             .counters(Json::object(), Json::object(), {{"GhostNetV2-kd-3", "distill.logit did nothing"}}));
    ledger_->fold_coordinator(
        {{{"type", "exit"}, {"trajectory", "MobileNetV2-kd-1"}, {"attempt", 1}, {"status", 1}, {"time", "1"}},
         {{"type", "blocked"}, {"trajectory", "MobileNetV2-kd-2"}, {"because", "teacher"}, {"time", "1"}}});
  }

  synthetic::TemporaryFolder folder_;
  std::unique_ptr<Ledger> ledger_ = Ledger::open(folder_ / "ledger.db", Ledger::Mode::Write);
};

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

TEST_F(TableTest, RefusesRowsThatDifferInWhatTheDesignDoesNotVary) {
  Plan plan("sly");
  plan.table("", {"mix"});
  auto longer = with({{"mix", {{"mixup", Json::object()}}}});
  longer["train"]["epochs"] = 60;
  plan.arm("Net", "reference", Json::object(), kBase, "ref", {1});
  plan.arm("Net", "mix=+ Mixup", {{"mix", "+ Mixup"}}, longer, "mixup", {1});
  add(plan);
  const auto message = message_of([&] { table(); });
  EXPECT_THAT(message, HasSubstr("train.epochs (60, not 2)"));
  EXPECT_THAT(message, Not(HasSubstr("mix.mixup")));

  plan.json["sweep"]["factors"] = {{"mix", {{"+ Mixup", {{"mix", "mixup"}, {"train.epochs", 60}}}}}};
  add(plan);
  EXPECT_EQ(message_of([&] { table(); }), "");
}

TEST_F(TableTest, RefusesBackbonesThatDifferInMoreThanAdaptSays) {
  Plan plan("adapt");
  plan.table("", {"mix"});
  plan.arm("A", "reference", Json::object(), with({{"backbone", {{"a", Json::object()}}}}), "a", {1});
  auto other = with({{"backbone", {{"b", Json::object()}}}});
  other["optimizer"]["sgd"]["lr"] = 0.4;
  plan.arm("B", "reference", Json::object(), other, "b", {1});
  add(plan);
  EXPECT_THAT(message_of([&] { table(); }), HasSubstr("optimizer.sgd.lr"));
  plan.json["sweep"]["adapt"] = {{"B", {{"optimizer.sgd.lr", 0.4}}}};
  add(plan);
  EXPECT_EQ(message_of([&] { table(); }), "");
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
