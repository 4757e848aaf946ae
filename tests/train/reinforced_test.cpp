#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/api/module.h>

#include <fmt/format.h>
#include <cmath>

#include <ATen/ATen.h>

#include "harness/core/canonical.h"
#include "harness/core/journal.h"
#include "harness/execute/safetensors.h"
#include "harness/train/teacher_models.h"
#include "harness/train/view_outputs.h"
#include "harness/train/write_views.h"
#include "tests/train/support.h"

namespace ablate::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using training::condensed;
using training::restored_logits;

TEST(ViewOutputs, OfAllClassesAreTheDistributionItself) {
  const auto logits = at::tensor({2.0, 0.5, -1.0, 0.1, 1.2, 0.3}).reshape({2, 3});
  const auto kept = condensed(logits, 10);
  EXPECT_EQ(kept.classes.sizes(), (std::vector<std::int64_t>{2, 3}));
  const auto restored = at::softmax(restored_logits(kept, 3).to(at::kDouble), 1);
  EXPECT_LT((restored - at::softmax(logits, 1)).abs().max().item<double>(), 1e-3);
}

TEST(ViewOutputs, OtherClassesShareTheRemainderEvenly) {
  // probabilities 1/2, 1/4, 1/8, 1/8: the last two of them together are 1/4
  const auto logits = at::log(at::tensor({0.5, 0.25, 0.125, 0.125})).reshape({1, 4});
  const auto restored = restored_logits(condensed(logits, 1), 4).exp()[0];
  EXPECT_NEAR(restored[0].item<double>(), 1.0 / 2, 1e-3);
  for (const int other : {1, 2, 3}) EXPECT_NEAR(restored[other].item<double>(), 1.0 / 6, 1e-3);
}

TEST(ViewOutputs, OfACertainTeacherStayFinite) {
  const auto restored = restored_logits(condensed(at::tensor({500.0, 0.0, 0.0}).reshape({1, 3}), 1), 3);
  EXPECT_TRUE(restored.isfinite().all().item<bool>()) << restored;
  EXPECT_NEAR(at::softmax(restored, 1)[0][0].item<double>(), 1, 1e-6);
}

class ReinforcedTest : public testing::Test {
 protected:
  nlohmann::json recipe(const std::string& family = "distilled") const {
    auto recipe = family == "plain" ? shop_.recipe() : shop_.distilled();
    recipe["curriculum"]["reinforced"] = {{"views", 1}, {"top", 3}};
    return recipe;
  }
  Request request(std::uint64_t seed = 1) const {
    auto asked = shop_.request(recipe());
    asked.spec["seed"] = seed;
    asked.runs[0].spec["seed"] = seed;
    return asked;
  }
  Request cached(std::uint64_t seed = 1) const {
    auto asked = request(seed);
    asked.teacher_cache = shop_.root() / "teachers";
    return asked;
  }
  nlohmann::json facts(const std::string& name) const { return facts_that_repeat(shop_.folder(name)); }
  fs::path stored_view() const {
    return fs::directory_iterator(shop_.root() / "teachers")->path() / "view-0.safetensors";
  }

  Workshop shop_;
};

TEST_F(ReinforcedTest, TheStoreChangesNoBitColdWarmOrDamaged) {
  train_in(shop_.folder("without"), request());
  train_in(shop_.folder("cold"), cached());
  train_in(shop_.folder("warm"), cached());
  fs::resize_file(stored_view(), fs::file_size(stored_view()) / 2);
  train_in(shop_.folder("damaged"), cached());
  for (const auto* name : {"cold", "warm", "damaged"}) EXPECT_EQ(facts("without"), facts(name)) << name;
}

TEST_F(ReinforcedTest, AnInterruptedTrainingEndsWithTheSameBits) {
  train_in(shop_.folder("whole"), cached());
  train_interrupted(shop_.folder("parts"), cached(), {3, 2});
  EXPECT_EQ(facts("whole"), facts("parts"));
}

TEST_F(ReinforcedTest, TrainingsOfOtherSeedsReadTheSameStore) {
  train_in(shop_.folder("first"), cached(1));
  const auto written = fs::last_write_time(stored_view());
  train_in(shop_.folder("second"), cached(2));
  EXPECT_EQ(std::distance(fs::directory_iterator(shop_.root() / "teachers"), fs::directory_iterator{}), 1);
  EXPECT_EQ(fs::last_write_time(stored_view()), written);
}

TEST_F(ReinforcedTest, ATrialRunMakesNoWholeView) {
  auto trial = cached();
  trial.trial = true;
  trial.finish_after_steps = 2;
  EXPECT_EQ(train_in(shop_.folder("trial"), trial).state, Outcome::State::Done);
  EXPECT_FALSE(fs::exists(shop_.root() / "teachers"));
}

/// A teacher elsewhere: it looks at the files that `write_views` wrote.
class OutsideTeacherTest : public ReinforcedTest {
 protected:
  OutsideTeacherTest() {
    torch::jit::Module module("Teacher");
    module.define(
        "def forward(self, x):\n"
        "    return torch.cat([x.mean([2, 3]), x.std([1, 2, 3]).unsqueeze(1)], 1)\n");
    module.save(module_.string());
    write_views({.recipe = described(), .data = request().data, .folder = views_, .shard = 9});
  }
  /// As a plan has it: every parameter there.
  nlohmann::json described() const {
    auto whole = recipe("plain");
    whole["curriculum"]["reinforced"] = {{"views", 1}, {"top", 3}, {"seed", 1}};
    return whole;
  }
  nlohmann::json page() const { return nlohmann::json::parse(read_file(views_ / "views.json")); }
  at::Tensor images() const {
    std::vector<at::Tensor> all;
    const auto described = page();
    for (const std::string name : described.at("files").at(0))
      for (const auto& [tensor, values] : load_tensors(views_ / name).tensors)
        if (tensor == "images") all.push_back(values);
    return at::cat(all);
  }
  void write_outputs(const fs::path& file) const {
    const auto pixels = images().permute({0, 3, 1, 2}).to(at::kFloat).div_(255);
    const auto teacher = training::load_module(module_, 4, training::Normalisation({0, 0, 0}, {1, 1, 1}));
    const auto kept = condensed(teacher->forward(pixels, Pass{}).logits, 3);
    save_tensors(file, {{{"classes", kept.classes.unsqueeze(0)},
                         {"log_probabilities", kept.log_probabilities.unsqueeze(0)}},
                        {{"views", page().at("digest")}, {"description", page().at("description")}}});
  }
  Request taught_by(const nlohmann::json& id, const TeacherSource& source, std::uint64_t seed) const {
    auto whole = recipe();
    whole["distill"]["logit"]["teacher"] = id;
    auto asked = shop_.request(whole);
    asked.spec["seed"] = asked.runs[0].spec["seed"] = seed;
    asked.teachers[canonical(id)] = source;
    return asked;
  }
  Request by_outputs(std::uint64_t seed = 1) const {
    return taught_by({{"outputs", "digest"}}, {.file = outputs_, .outputs = true}, seed);
  }
  Request by_module(std::uint64_t seed = 1) const {
    return taught_by({{"module", "digest"}},
                     {.file = module_, .backbone = nullptr, .mean = {0, 0, 0}, .std = {1, 1, 1}}, seed);
  }

  fs::path module_ = shop_.root() / "teacher.pt", views_ = shop_.root() / "views",
           outputs_ = shop_.root() / "outputs.safetensors";
};

TEST_F(OutsideTeacherTest, TeachesWhatItWouldTeachHere) {
  write_outputs(outputs_);
  for (const std::uint64_t seed : {1, 2}) {
    const auto here = fmt::format("here {}", seed), outside = fmt::format("outside {}", seed);
    train_in(shop_.folder(here), by_module(seed));
    train_in(shop_.folder(outside), by_outputs(seed));
    const auto epochs = [&](const std::string& name) {
      std::vector<nlohmann::json> metrics;
      for (const auto& line : lines_of(shop_.folder(name), "epoch")) metrics.push_back(line.at("metrics"));
      return metrics;
    };
    EXPECT_EQ(epochs(here), epochs(outside));
  }
}

TEST_F(OutsideTeacherTest, ViewsAreTheImagesCutAndMirrored) {
  EXPECT_EQ(images().sizes(), (std::vector<std::int64_t>{32, 16, 16, 3}));
  EXPECT_EQ(page().at("files").at(0).size(), 4u);  // 9 + 9 + 9 + 5
  const auto first = images();
  fs::remove_all(views_);
  auto other = described();
  other["curriculum"]["reinforced"]["seed"] = 2;
  write_views({.recipe = other, .data = request().data, .folder = views_});
  EXPECT_FALSE(at::equal(first, images()));
}

TEST_F(OutsideTeacherTest, WritingGoesOnWhereItStopped) {
  const auto before = images();
  const auto files = page().at("files").at(0);
  fs::remove(views_ / files.at(2).get<std::string>());
  write_views({.recipe = described(), .data = request().data, .folder = views_, .shard = 9});
  EXPECT_TRUE(at::equal(before, images()));
  auto other = described();
  other["curriculum"]["reinforced"]["seed"] = 2;
  EXPECT_THROW(write_views({.recipe = other, .data = request().data, .folder = views_, .shard = 9}), Error);
}

TEST_F(OutsideTeacherTest, OutputsForOtherViewsAreRefusedWithTheDifference) {
  write_outputs(outputs_);
  auto asked = by_outputs();
  for (auto* spec : {&asked.spec, &asked.runs[0].spec}) (*spec)["recipe"]["augment"]["crop"]["padding"] = 1;
  EXPECT_THROW(train_in(shop_.folder("other"), asked), Error);
  EXPECT_THAT(lines_of(shop_.folder("other"), "end").at(0).at("message").get<std::string>(),
              HasSubstr("changes.augment.crop.padding is 2 there and 1 here"));
}

TEST_F(OutsideTeacherTest, OutputsOfTheWrongShapeAreRefused) {
  const auto message = [&](const at::Tensor& classes, const at::Tensor& log_probabilities) {
    save_tensors(outputs_, {{{"classes", classes}, {"log_probabilities", log_probabilities}},
                            {{"views", page().at("digest")}}});
    try {
      training::read_from(outputs_, nlohmann::json::parse(page().at("description").get<std::string>()), 1, 4);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const auto classes = at::zeros({1, 32, 2}, at::kShort);
  const auto kept = at::zeros({1, 32, 3}, at::kHalf);
  EXPECT_EQ(message(classes, kept), "");
  EXPECT_THAT(message(classes, kept.narrow(2, 0, 2)), HasSubstr("[views, images, k + 1]"));
  EXPECT_THAT(message(classes.narrow(1, 0, 8), kept.narrow(1, 0, 8)), HasSubstr("has 8 images"));
  EXPECT_THAT(message(classes + 4, kept), HasSubstr("outside 0 to 3"));
  EXPECT_THAT(message(classes, kept - INFINITY), HasSubstr("not finite"));
}

}  // namespace
}  // namespace ablate::test
