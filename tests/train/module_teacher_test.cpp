#include <gtest/gtest.h>
#include <torch/csrc/jit/api/module.h>

#include <fstream>

#include <ATen/ATen.h>

#include "harness/core/canonical.h"
#include "harness/core/journal.h"
#include "harness/train/teacher_models.h"
#include "tests/train/support.h"

namespace ablate::test {
namespace {

namespace fs = std::filesystem;
using training::Normalisation;

/// Writes a TorchScript module with this body of `forward(self, x)`.
void save_module(const fs::path& file, const std::string& body) {
  torch::jit::Module module("Teacher");
  module.define("def forward(self, x):\n" + body);
  module.save(file.string());
}

constexpr auto kMeans =
    "    return torch.cat([x.mean([2, 3]), x.mean([1, 2, 3]).unsqueeze(1)], 1)\n";  // 4 logits

class ModuleTeacherTest : public testing::Test {
 protected:
  std::string refusal(const fs::path& file) const {
    try {
      training::load_module(file, 4, Normalisation({0, 0, 0}, {1, 1, 1}))
          ->forward(at::zeros({2, 3, 8, 8}), Pass{});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  /// The students' request with a module in the place of their teacher.
  Request request_with(const fs::path& file, int size) const {
    auto recipe = shop_.recipe();
    const nlohmann::json id{{"module", sha256(read_file(file))}, {"size", size}};
    recipe["distill"] = {{"logit", {{"teacher", id}}}};
    auto request = shop_.request(recipe);
    request.teachers[canonical(id)] = {.file = file, .backbone = nullptr, .size = size};
    return request;
  }

  Workshop shop_;
  fs::path file_ = shop_.root() / "teacher.pt";
};

TEST_F(ModuleTeacherTest, SeesPixelsNormalisedForIt) {
  save_module(file_, kMeans);
  const auto teacher = training::load_module(file_, 4, Normalisation({0.5, 0.25, 0}, {0.25, 0.5, 1}));
  const auto logits = teacher->forward(at::full({2, 3, 8, 8}, 0.75), Pass{}).logits;
  const auto expected = at::tensor({1.0f, 1.0f, 0.75f, 2.75f / 3});
  EXPECT_TRUE(at::allclose(logits, expected.expand({2, 4}))) << logits;
}

TEST_F(ModuleTeacherTest, SeesImagesAtItsOwnSize) {
  save_module(file_, std::string("    assert x.size(2) == 24\n    assert x.size(3) == 24\n") + kMeans);
  EXPECT_EQ(train_in(shop_.folder("right"), request_with(file_, 24)).state, Outcome::State::Done);
  EXPECT_ANY_THROW(train_in(shop_.folder("wrong"), request_with(file_, 16)));
}

TEST_F(ModuleTeacherTest, TeachesTheSameWithAndWithoutItsCache) {
  save_module(file_, kMeans);
  auto request = request_with(file_, 24);
  train_in(shop_.folder("uncached"), request);
  request.teacher_cache = shop_.root() / "teachers";
  for (const auto* name : {"cold", "warm"}) {
    train_in(shop_.folder(name), request);
    EXPECT_EQ(facts_that_repeat(shop_.folder("uncached")), facts_that_repeat(shop_.folder(name))) << name;
  }
}

TEST_F(ModuleTeacherTest, ThatIsNoModuleIsNamed) {
  std::ofstream(file_) << "no module";
  EXPECT_NE(refusal(file_).find("teacher.pt: no TorchScript module"), std::string::npos) << refusal(file_);
  EXPECT_NE(refusal(shop_.root() / "absent.pt").find("absent.pt"), std::string::npos);
}

TEST_F(ModuleTeacherTest, WithOtherClassesIsRefused) {
  save_module(file_, "    return x.mean([2, 3])\n");
  EXPECT_NE(refusal(file_).find("returns [2, 3] for 2 images of 4 classes"), std::string::npos)
      << refusal(file_);
  save_module(file_, "    return [x]\n");
  EXPECT_NE(refusal(file_).find("returns no tensor of logits"), std::string::npos) << refusal(file_);
}

TEST_F(ModuleTeacherTest, HasNoMapsToLookAt) {
  save_module(file_, kMeans);
  const auto teacher = training::load_module(file_, 4, Normalisation({0, 0, 0}, {1, 1, 1}));
  EXPECT_THROW(teacher->graph(), Error);
  EXPECT_THROW(teacher->forward(at::zeros({2, 3, 8, 8}), Pass{.taps = {"layer1"}}), Error);
}

}  // namespace
}  // namespace ablate::test
