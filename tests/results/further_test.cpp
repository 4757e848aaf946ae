#include <gmock/gmock.h>

#include "tests/results/table_fixture.h"

namespace ablate {
namespace {

using synthetic::finished;
using synthetic::Json;
using synthetic::kBase;
using synthetic::message_of;
using synthetic::Plan;
using synthetic::with;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Further : public synthetic::TableTest {
 protected:
  Further() {
    Plan plan("spoiled");
    plan.table("", {"mix"});
    plan.arm("Net", "reference", Json::object(), kBase, "ref", {1, 2});
    plan.arm("Net", "mix=+ Mixup", {{"mix", "+ Mixup"}}, with({{"mix", {{"mixup", {{"alpha", 0.2}}}}}}),
             "mixup", {1, 2});
    add(plan);
  }
  /// A run with top-1 of 0.9 and these on spoiled test splits.
  void spoil(const std::string& run, int seed, const std::map<std::string, double>& top1) {
    auto journal = finished(run, seed, 0.9);
    for (const auto& [way, value] : top1)
      journal.evaluation("raw", {run}, value, true, {{"split", "test@" + way}});
    fold(journal);
  }
  std::string with_columns(std::vector<std::string> names, Format format = Format::Text) {
    return table(format, [&](TableOptions& options) { options.further = names; });
  }
};

TEST_F(Further, CorruptedIsTheMeanOverCorruptionsAndSeverities) {
  spoil("ref-1", 1, {{"jpeg.1", 0.8}, {"jpeg.5", 0.6}, {"fog.1", 0.7}, {"fog.5", 0.5}});    // 65 on average
  spoil("ref-2", 2, {{"jpeg.1", 0.8}, {"jpeg.5", 0.6}, {"fog.1", 0.7}, {"fog.5", 0.54}});   // 66
  spoil("mixup-1", 1, {{"jpeg.1", 0.9}, {"jpeg.5", 0.7}, {"fog.1", 0.8}, {"fog.5", 0.6}});  // 75
  spoil("mixup-2", 2, {});
  const auto text = with_columns({"corruptions"});
  EXPECT_THAT(text, HasSubstr("corrupted (%)"));
  EXPECT_THAT(text, HasSubstr("65.50 ± 0.71"));  // the deviation of two values is their distance / sqrt(2)
  EXPECT_THAT(text, HasSubstr("75.00 (1)"));
  EXPECT_THAT(text, HasSubstr("fog, jpeg at severities 1, 5"));
  EXPECT_THAT(
      with_columns({"corruptions"}, Format::Csv),
      AllOf(HasSubstr("corruptions_mean,corruptions_sd,corruptions_n"), HasSubstr(",65.5,0.7071067812,2")));
  const auto json = Json::parse(with_columns({"corruptions"}, Format::Json));
  EXPECT_EQ(json.at("panels")[0].at("rows")[0].at("cells")[0].at("further").at("corruptions").at("mean"),
            65.5);
}

TEST_F(Further, AttacksStandBesideEachOtherAndTheFootnoteGivesTheirRadius) {
  spoil("ref-1", 1, {{"fgsm", 0.4}, {"pgd", 0.3}, {"fog.1", 0.7}});
  spoil("ref-2", 2, {{"fgsm", 0.42}, {"pgd", 0.3}, {"fog.1", 0.7}});
  Plan plan("attacked");
  plan.table("", {"mix"});
  plan.arm("Net", "reference", Json::object(), with({{"evaluate", {{"fgsm", 8}, {"pgd", nullptr}}}}), "ref",
           {1, 2});
  add(plan);
  const auto text = table(Format::Text, [](TableOptions& options) {
    options.sweep = "attacked";
    options.further = {"fgsm", "pgd"};
  });
  EXPECT_THAT(text, AllOf(HasSubstr("FGSM (%)"), HasSubstr("41.00 ± 1.41"), HasSubstr("30.00 ± 0.00"),
                          HasSubstr("one step of 8/255"), HasSubstr("unknown radius")));
}

TEST_F(Further, SpoiledSplitsAreNoResultsOfAnArm) {
  spoil("ref-1", 1, {{"jpeg.1", 0.1}});
  spoil("ref-2", 2, {{"jpeg.1", 0.1}});
  EXPECT_THAT(table(),
              AllOf(HasSubstr("90.00 ± 0.00"), Not(HasSubstr("10.00")), Not(HasSubstr("corrupted"))));
  EXPECT_EQ(synthetic::value(*ledger_, "SELECT avg(top1) FROM v_results WHERE reported AND split = 'test'"),
            0.9);
}

TEST_F(Further, OneSpoiledSplitCanStandInThePlaceOfTheTestSplit) {
  spoil("ref-1", 1, {{"jpeg.1", 0.3}, {"jpeg.2", 0.2}});
  spoil("ref-2", 2, {{"jpeg.1", 0.3}, {"jpeg.2", 0.2}});
  const auto text = table(Format::Text, [](TableOptions& options) { options.split = "test@jpeg.2"; });
  EXPECT_THAT(text,
              AllOf(HasSubstr("20.00 ± 0.00"), HasSubstr("test@jpeg.2 split"), Not(HasSubstr("90.00"))));
}

TEST_F(Further, RunsWithOtherCorruptionsAreNotAveragedTogether) {
  spoil("ref-1", 1, {{"jpeg.1", 0.8}, {"fog.1", 0.6}});
  spoil("ref-2", 2, {{"jpeg.1", 0.8}});
  EXPECT_THAT(with_columns({"corruptions"}), HasSubstr("70.00 (1)"));
}

TEST_F(Further, SaysWhenNothingWasEvaluatedSo) {
  spoil("ref-1", 1, {});
  EXPECT_THAT(with_columns({"corruptions"}), HasSubstr("evaluate.corruptions"));
}

TEST_F(Further, RefusesWhatIsNotThere) {
  EXPECT_THAT(message_of([&] { with_columns({"corruption"}); }), HasSubstr("did you mean 'corruptions'?"));
  EXPECT_THAT(message_of([&] {
                table(Format::Text, [](TableOptions& options) {
                  options.further = {"corruptions"};
                  options.selected_by = "validation";
                });
              }),
              HasSubstr("last epoch"));
}

TEST_F(Further, StandsUnderEveryBackboneAndInPivotsToo) {
  Plan plan("grid");
  plan.table("(a) widths", {"optimizer.sgd.lr"});
  for (const std::string net : {"A", "B"}) {
    plan.arm(net, "reference", Json::object(), kBase, net, {1});
    spoil(net + "-1", 1, {{"jpeg.1", net == "A" ? 0.41 : 0.42}});
  }
  add(plan);
  const auto shown = [&](const char* columns) {
    auto changed = plan;
    changed.json["tables"][0]["columns"] = columns;
    return table(Format::Text, [&](TableOptions& options) {
      options.layout = changed.json;
      options.further = {"corruptions"};
    });
  };
  for (const char* columns : {"", "optimizer.sgd.lr"})
    EXPECT_THAT(shown(columns), AllOf(HasSubstr("corrupted (%)"), HasSubstr("41.00"), HasSubstr("42.00")));
}

}  // namespace
}  // namespace ablate
