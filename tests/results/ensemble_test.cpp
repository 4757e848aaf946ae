#include "results/ensemble.h"

#include <gmock/gmock.h>

#include <cstring>
#include <fstream>

#include "tests/results/table_fixture.h"

namespace ablate {
namespace {

using synthetic::finished;
using synthetic::Json;
using synthetic::kBase;
using synthetic::message_of;
using synthetic::Plan;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A safetensors file as its specification has it: the length of a JSON header, the header, the data.
void write_predictions(const std::filesystem::path& path, const std::vector<std::int64_t>& labels,
                       const std::vector<float>& probabilities) {
  const auto images = labels.size(), classes = probabilities.size() / images;
  const auto middle = 8 * images, end = middle + 4 * probabilities.size();
  const Json header{
      {"__metadata__", {{"variant", "raw"}}},
      {"labels", {{"dtype", "I64"}, {"shape", {images}}, {"data_offsets", {0, middle}}}},
      {"probabilities", {{"dtype", "F32"}, {"shape", {images, classes}}, {"data_offsets", {middle, end}}}}};
  const auto text = header.dump();
  const std::uint64_t length = text.size();
  std::string bytes(8 + end, '\0');
  std::memcpy(bytes.data() + 8, labels.data(), middle);
  std::memcpy(bytes.data() + 8 + middle, probabilities.data(), end - middle);
  std::memcpy(bytes.data(), &length, 8);
  bytes.insert(8, text);
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

class Ensembles : public synthetic::TableTest {
 protected:
  Ensembles() {
    Plan plan("ensembles");
    plan.table("", {"mix"});
    plan.arm("Net", "reference", Json::object(), kBase, "ref", {1, 2, 3});
    add(plan);
  }
  std::filesystem::path file(const std::string& run) const {
    return folder_ / "runs" / run / "predictions" / (run + ".safetensors");
  }
  std::string shown(const std::function<void(TableOptions&)>& change = {}) {
    return table(Format::Text, [&](TableOptions& options) {
      options.further = {"ensemble"};
      options.runs = folder_ / "runs";
      if (change) change(options);
    });
  }
};

/// One image of class 0 that each of three networks takes for class 1 or 2, with class 0 close behind: on
/// average class 0 has 0.4, the others 0.3. And one that all of them know.
constexpr float kWrong[3][6] = {
    {0.4F, 0.6F, 0, 0, 0, 1}, {0.4F, 0, 0.6F, 0, 0, 1}, {0.4F, 0.3F, 0.3F, 0, 1, 0}};

TEST_F(Ensembles, CanBeRightWhereTwoOfThreeAreWrong) {
  finish("ref", {50, 50, 50});
  for (int i = 0; i < 3; ++i)
    write_predictions(file("ref-" + std::to_string(i + 1)), {0, 2}, {kWrong[i], kWrong[i] + 6});
  const auto text = shown();
  EXPECT_THAT(text, AllOf(HasSubstr("50.00 ± 0.00"), HasSubstr("ensemble (%)"), HasSubstr("100.00 (3)"),
                          HasSubstr("n times the cost")));
  EXPECT_THAT(text, Not(HasSubstr("100.00 ±")));
}

TEST_F(Ensembles, AreRightThoughEveryMemberIsWrong) {
  Ensemble ensemble;
  for (const auto& said :
       std::vector<std::vector<float>>{{0.4F, 0.6F, 0, 0}, {0.4F, 0, 0.6F, 0}, {0.4F, 0, 0, 0.6F}}) {
    Ensemble alone;
    alone.add({"raw", {0}, said});
    EXPECT_EQ(alone.top1(), 0);
    ensemble.add({"raw", {0}, said});
  }
  EXPECT_EQ(ensemble.top1(), 1);
}

TEST_F(Ensembles, TakeThoseRunsThatKeptPredictionsAndSayHowMany) {
  finish("ref", {50, 50});
  EXPECT_THAT(shown(), HasSubstr("evaluate.predictions"));
  write_predictions(file("ref-2"), {0, 2}, {kWrong[0], kWrong[0] + 6});
  EXPECT_THAT(shown(), HasSubstr("50.00 (1)"));
  write_predictions(file("ref-3"), {0, 2}, {kWrong[1], kWrong[1] + 6});  // of a run that is not finished
  EXPECT_THAT(shown(), HasSubstr("50.00 (1)"));
}

TEST_F(Ensembles, RefuseFilesThatAreNoPredictionsAndRunsWithOtherImages) {
  finish("ref", {50, 50});
  write_predictions(file("ref-1"), {0}, {1, 0});
  write_predictions(file("ref-2"), {1}, {1, 0});
  EXPECT_THAT(message_of([&] { shown(); }), HasSubstr("different images"));
  write_predictions(file("ref-2"), {2}, {1, 0});
  EXPECT_THAT(message_of([&] { shown(); }), AllOf(HasSubstr("ref-2.safetensors"), HasSubstr("no class")));
  std::filesystem::resize_file(file("ref-2"), 40);
  EXPECT_THAT(message_of([&] { shown(); }), AllOf(HasSubstr("ref-2.safetensors"), HasSubstr("header")));
  EXPECT_THAT(message_of([&] { shown([](TableOptions& options) { options.metric = "loss"; }); }),
              HasSubstr("top1 alone"));
}

}  // namespace
}  // namespace ablate
