#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/run/sweeps.h"

namespace ablate::testing_support {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

/// Two arms, two seeds, an epoch each.
constexpr const char* kSweep = R"json({
  "name": "answers", "title": "Does smoothing help?",
  "base": {
    "data": {"synthetic": {"train": 64, "test": 32}},
    "train": {"epochs": 1, "batch": 32},
    "evaluate": {"corruptions": ["jpeg_compression"], "severities": [3], "fgsm": 4, "predictions": true},
    "optimizer": {"sgd": {"lr": 0.05}}},
  "backbones": {"R8": {"resnet": {"depth": 8}}},
  "factors": {"loss": {"LS": {"label_smoothing": {}}}},
  "seeds": 2})json";

class Answers : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    scratch_ = new Scratch;
    sweep_ = scratch_->file("answers.json", kSweep);
    const auto end = run_ablate({"run", sweep_, "--store", store(), "--jobs", "2"});
    EXPECT_EQ(end.status, 0) << end.err;
  }
  static void TearDownTestSuite() { delete scratch_; }

  static std::string store() { return (*scratch_ / "store").string(); }
  /// The answer of a command that must succeed.
  static std::string ask(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--store", store()});
    const auto end = run_ablate(arguments);
    EXPECT_EQ(end.status, 0) << end.err;
    return end.out;
  }

  static inline Scratch* scratch_ = nullptr;
  static inline std::string sweep_;
};

TEST_F(Answers, ComeAsATableInEveryFormat) {
  for (const std::string format : {"text", "md", "csv", "json"}) {
    const auto table = ask({"table", "--format", format});
    EXPECT_THAT(table, HasSubstr("LS")) << format;
    EXPECT_EQ(table, ask({"table", "answers", "--format", format}))
        << "the name is optional, the bytes are stable";
  }
  EXPECT_THAT(ask({"table", sweep_}), HasSubstr("LS"));
}

TEST_F(Answers, HaveFurtherColumnsWhereTheSweepEvaluatesMore) {
  const auto table = ask({"table", "--with", "corruptions,fgsm,ensemble"});
  for (const auto* part : {"corrupted (%)", "FGSM (%)", "ensemble (%)", " (2)", "one step of 4/255",
                           "jpeg_compression at severity 3"})
    EXPECT_THAT(table, HasSubstr(part));
  EXPECT_THAT(ask({"table", "--split", "test@jpeg_compression.3"}),
              HasSubstr("jpeg_compression.3 split (32"));
  EXPECT_EQ(run_ablate({"table", "--with", "ensembl", "--store", store()}).status, 1);
}

TEST_F(Answers, ComeInSql) {
  const auto rows =
      json::parse(ask({"query", "SELECT arm, seed, top1 FROM v_results WHERE reported AND split = 'test'",
                       "--format", "json"}));
  ASSERT_EQ(rows.size(), 4u);
  for (const auto& row : rows) {
    EXPECT_GE(row.at("top1").get<double>(), 0);
    EXPECT_LE(row.at("top1").get<double>(), 1);
  }
  EXPECT_EQ(ask({"query", "SELECT 1 AS one, 'a,b' AS two", "--format", "csv"}), "one,two\n1,\"a,b\"\n");
}

TEST_F(Answers, AreNeverChangedByAQuestion) {
  const auto end = run_ablate({"query", "DELETE FROM runs", "--store", store()});
  EXPECT_EQ(end.status, 1);
  EXPECT_EQ(json::parse(ask({"query", "SELECT count(*) AS n FROM runs", "--format", "json"})).at(0).at("n"),
            4);
}

TEST_F(Answers, NameEveryRun) {
  const auto runs = json::parse(ask({"list", "--format", "json"}));
  ASSERT_EQ(runs.size(), 4u);
  for (const auto& run : runs) EXPECT_EQ(run.at("status"), "done");
  const auto page = ask({"show", runs[0].at("run").get<std::string>()});
  EXPECT_THAT(page, HasSubstr("evaluations"));
  EXPECT_THAT(page, HasSubstr("attempts"));
  const auto whole = json::parse(ask({"show", runs[0].at("run").get<std::string>(), "--json"}));
  EXPECT_EQ(whole.at("run").at(0).at("status"), "done");
  EXPECT_TRUE(whole.at("spec").contains("recipe"));
}

TEST_F(Answers, TellHowFarItIs) {
  EXPECT_EQ(ask({"status"}), "answers: 4 runs, 4 done\n");
  EXPECT_EQ(json::parse(ask({"status", "--json"})).at("answers").size(), 4u);
}

TEST_F(Answers, PlanSaysWhatIsThereAlready) {
  EXPECT_THAT(ask({"plan", sweep_}), HasSubstr("in the store already: 4 trainings; to train: 0"));
  const auto longer = json::parse(ask({"plan", sweep_, "--json", "--set", "train.epochs=2"}));
  EXPECT_EQ(longer.at("arms").size(), 2u);
  EXPECT_EQ(longer.at("runs").size(), 4u);
  for (const auto& trajectory : longer.at("trajectories")) EXPECT_TRUE(trajectory.at("to_train").get<bool>());
}

TEST_F(Answers, ExplainWhyARunIsNotReused) {
  const auto plan = json::parse(ask({"plan", sweep_, "--json", "--set", "train.epochs=2"}));
  const auto key = plan.at("arms").at(0).at("runs").at(0).get<std::string>();
  const auto text = ask({"plan", sweep_, "--set", "train.epochs=2", "--explain", key.substr(0, 10)});
  EXPECT_THAT(text, HasSubstr("recipe.train.epochs: 1 -> 2"));
}

TEST_F(Answers, SurviveTheLossOfTheLedger) {
  const auto before = dump_of(*scratch_ / "store");
  std::filesystem::remove(*scratch_ / "store" / "ledger.db");
  EXPECT_THAT(ask({"doctor"}), HasSubstr("0 files could not be read"));
  EXPECT_EQ(dump_of(*scratch_ / "store"), before);
}

TEST_F(Answers, KnowThePackedData) {
  EXPECT_THAT(ask({"pack", sweep_}), HasSubstr("classes 10 train 64 test 32 skipped 0"));
}

TEST(Version, TellsThatTheAllocatorKeepsItsPages) {
  const auto facts = json::parse(run_ablate({"version", "--json"}).out);
  if (facts.at("dirty_decay_ms") == "unknown") GTEST_SKIP() << "built without jemalloc";
  EXPECT_THAT(facts.at("allocator").get<std::string>(), HasSubstr("jemalloc"));
  EXPECT_EQ(facts.at("dirty_decay_ms"), "-1");
  EXPECT_EQ(facts.at("muzzy_decay_ms"), "-1");
  EXPECT_FALSE(facts.at("libtorch").get<std::string>().empty());
}

}  // namespace
}  // namespace ablate::testing_support
