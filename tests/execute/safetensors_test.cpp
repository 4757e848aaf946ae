#include "harness/execute/safetensors.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "backbones/catalogue.h"
#include "harness/graph/rewrite.h"
#include "tests/execute/filled.h"

namespace ablate::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Safetensors : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(testing::TempDir()) / (std::string("ablate_safetensors_") + test->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path file() const { return folder_ / "file.safetensors"; }
  /// A file of any header and data; `claimed` overrides the header's length.
  void write(const std::string& header, const std::string& data, std::int64_t claimed = -1) const {
    std::ofstream out(file(), std::ios::binary);
    const auto length = claimed < 0 ? header.size() : static_cast<std::uint64_t>(claimed);
    for (int shift = 0; shift < 64; shift += 8) out.put(static_cast<char>(length >> shift & 0xFF));
    out << header << data;
  }
  void expect_refused(const std::string& reason) const {
    EXPECT_THAT([&] { load_tensors(file()); }, testing::ThrowsMessage<Error>(testing::AllOf(
                                                   HasSubstr("file.safetensors"), HasSubstr(reason))));
  }

  std::filesystem::path folder_;
};

TEST_F(Safetensors, ReadWhatTheFormatSays) {
  const std::string data("\x00\x00\x80\x3f\x00\x00\x00\x40\x07", 9);  // 1.0f, 2.0f, 7
  write(
      R"({"__metadata__":{"format":"pt"},"b":{"dtype":"U8","shape":[],"data_offsets":[8,9]},)"
      R"("a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"e":{"dtype":"I64","shape":[0,3],"data_offsets":[0,0]}}   )",
      data);
  const auto loaded = load_tensors(file());
  EXPECT_THAT(loaded.metadata, ElementsAre(testing::Pair("format", "pt")));
  ASSERT_EQ(loaded.tensors.size(), 3u);
  EXPECT_EQ(loaded.tensors[0].first, "e");
  EXPECT_EQ(loaded.tensors[0].second.sizes().vec(), (std::vector<std::int64_t>{0, 3}));
  EXPECT_EQ(loaded.tensors[1].second.sizes().vec(), (std::vector<std::int64_t>{2, 1}));
  EXPECT_EQ(loaded.tensors[1].second[1][0].item<float>(), 2.0f);
  EXPECT_EQ(loaded.tensors[2].second.item<int>(), 7);
}

TEST_F(Safetensors, KeepEveryTypeAndBit) {
  TensorFile saved{.metadata = {{"note", "ünïcode \"quoted\""}}};
  for (const auto type : {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kByte, at::kChar, at::kShort,
                          at::kInt, at::kLong, at::kBool})
    saved.tensors.emplace_back(c10::toString(type),
                               at::arange(6, at::TensorOptions(at::kLong)).to(type).view({2, 3}));
  saved.tensors.emplace_back("transposed", at::arange(6, at::TensorOptions(at::kFloat)).view({2, 3}).t());
  save_tensors(file(), saved);
  const auto loaded = load_tensors(file());
  EXPECT_EQ(loaded.metadata, saved.metadata);
  ASSERT_EQ(loaded.tensors.size(), saved.tensors.size());
  for (const auto& [name, tensor] : saved.tensors) {
    const auto found = std::find_if(loaded.tensors.begin(), loaded.tensors.end(),
                                    [wanted = &name](const auto& entry) { return entry.first == *wanted; });
    ASSERT_NE(found, loaded.tensors.end()) << name;
    EXPECT_EQ(found->second.scalar_type(), tensor.scalar_type());
    EXPECT_TRUE(at::equal(found->second, tensor)) << name;
  }
}

TEST_F(Safetensors, AreWrittenWithAlignedDataAndNothingElseLeftInTheFolder) {
  save_tensors(file(),
               {.tensors = {{"byte", at::ones({3}, at::TensorOptions(at::kByte))}, {"x", at::ones({5})}}});
  std::ifstream in(file(), std::ios::binary);
  std::uint64_t length = 0;
  in.read(reinterpret_cast<char*>(&length), 8);
  EXPECT_EQ(length % 8, 0u);
  std::string header(length, ' ');
  in.read(header.data(), static_cast<std::streamsize>(length));
  EXPECT_EQ(nlohmann::json::parse(header).at("x").at("data_offsets"), nlohmann::json({0, 20}));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(Safetensors, ThatAreNotThereOrTruncatedAreRefused) {
  expect_refused("cannot read");
  std::ofstream(file()) << "short";
  expect_refused("shorter than 8 bytes");
  write("{}", "", 3);
  expect_refused("claims 3 bytes");
  write("{}", "", 1'000'000'000'000);
  expect_refused("claims");
  write(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", "1234567");
  expect_refused("truncated");
}

TEST_F(Safetensors, OfADefectiveHeaderAreRefused) {
  const std::pair<const char*, const char*> defects[] = {
      {"", "does not begin with '{'"},
      {" {}", "does not begin with '{'"},
      {"[]", "does not begin with '{'"},
      {"{", "not JSON"},
      {"{} x", "not JSON"},
      {"{\"\xff\":{}}", "not JSON"},
      {R"({"a":1})", "'a' is not described"},
      {R"({"a":{"dtype":"F32","shape":[1]}})", "has no 'data_offsets'"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}})", "beside"},
      {R"({"a":{"dtype":4,"shape":[1],"data_offsets":[0,4]}})", "dtype that is no text"},
      {R"({"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}})", "unknown type 'F31'"},
      {R"({"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}})", "shape that is no list"},
      {R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", "shape that is no list"},
      {R"({"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})", "shape that is no list"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", "no pair of positions"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", "do not fit"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", "do not fit"},
      {R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}})", "do not fit"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,99999999999999999999]}})",
       "no pair of positions"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", "leaves a gap"},
      {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}})",
       "overlaps"},
      {R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})", "take 3 bytes and it holds 4"},
      {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
       "'a' twice"},
      {R"({"a":{"dtype":"U8","dtype":"I8","shape":[4],"data_offsets":[0,4]}})", "'dtype' twice"},
      {R"({"__metadata__":[],"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", "metadata is no object"},
      {R"({"__metadata__":{"n":1},"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
       "metadata 'n' is no text"}};
  for (const auto& [header, reason] : defects) {
    SCOPED_TRACE(header);
    write(header, "1234");
    expect_refused(reason);
  }
}

TEST_F(Safetensors, CarryTheWeightsOfANetworkUnderItsNames) {
  for (const auto& entry : backbone_catalogue()) {
    SCOPED_TRACE(entry.name);
    Graph graph = entry.build(nlohmann::json::object(), {3, 16, 16, 4});
    add_branches(graph, {});
    const auto saved = filled_weights(graph, 2, at::kFloat);
    save_weights(file(), saved, {{"form", "training"}});
    Weights loaded(graph, at::kFloat);
    const auto report = load_weights(file(), loaded);
    EXPECT_EQ(report.loaded.size(), saved.entries().size());
    EXPECT_THAT(report.missing, IsEmpty());
    EXPECT_TRUE(at::equal(loaded.trained(), saved.trained()));
    EXPECT_TRUE(at::equal(loaded.statistics(), saved.statistics()));
    EXPECT_EQ(load_tensors(file()).metadata.at("form"), "training");
  }
}

TEST_F(Safetensors, AreLoadedByNameWithAReportOfWhatDidNotFit) {
  const Graph graph = find_backbone("resnet")->build({{"depth", 8}}, {3, 16, 16, 4});
  Weights weights(graph, at::kFloat);
  save_tensors(file(), {.tensors = {{"bn1.weight", at::ones({16}, at::TensorOptions(at::kHalf))},
                                    {"bn1.num_batches_tracked", at::ones({}, at::TensorOptions(at::kLong))},
                                    {"fc.weight", at::ones({10, 64})},
                                    {"total_ops", at::zeros({1})},
                                    {"extra.weight", at::ones({2})}}});
  const auto report = load_weights(file(), weights);
  EXPECT_THAT(report.loaded, ElementsAre("bn1.weight"));
  EXPECT_THAT(report.reshaped, ElementsAre("fc.weight"));
  EXPECT_THAT(report.unexpected, ElementsAre("extra.weight"));
  EXPECT_THAT(report.ignored, testing::UnorderedElementsAre("bn1.num_batches_tracked", "total_ops"));
  EXPECT_THAT(report.missing, testing::Contains("conv1.weight"));
  EXPECT_EQ(weights.at("bn1.weight").sum().item<double>(), 16);
  EXPECT_EQ(weights.at("fc.weight").abs().max().item<double>(), 0);
  EXPECT_THAT(report.text(), HasSubstr("1 of another shape: fc.weight\n"));
}

}  // namespace
}  // namespace ablate::test
