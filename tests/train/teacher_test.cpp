#include <gtest/gtest.h>

#include <fstream>

#include "harness/core/canonical.h"
#include "harness/core/journal.h"
#include "tests/train/support.h"

namespace ablate::test {
namespace {

namespace fs = std::filesystem;

class TeacherTest : public testing::Test {
 protected:
  TeacherTest() : request_(shop_.request(shop_.distilled())), cached_(request_) {
    cached_.teacher_cache = shop_.root() / "teachers";
    train_in(shop_.folder("uncached"), request_);
  }
  void expect_same(const std::string& name) {
    EXPECT_EQ(facts_that_repeat(shop_.folder("uncached")), facts_that_repeat(shop_.folder(name))) << name;
  }
  fs::path cache_folder() const { return fs::directory_iterator(cached_.teacher_cache)->path(); }

  Workshop shop_;
  Request request_, cached_;
};

TEST_F(TeacherTest, TheCacheChangesNoBitColdOrWarm) {
  for (const auto* name : {"cold", "warm"}) {
    train_in(shop_.folder(name), cached_);
    expect_same(name);
  }
  constexpr auto record = 8 * 4 * sizeof(float);
  EXPECT_EQ(fs::file_size(cache_folder() / "epoch-1.f32"), 4 * record);
  EXPECT_EQ(fs::file_size(cache_folder() / "epoch-2.f32"), 4 * record);
}

TEST_F(TeacherTest, AWarmCacheIsRead) {
  train_in(shop_.folder("cold"), cached_);
  const auto file = cache_folder() / "epoch-1.f32";
  write_file(file, std::string(fs::file_size(file), '\0'));
  train_in(shop_.folder("lied to"), cached_);
  EXPECT_NE(facts_that_repeat(shop_.folder("uncached")), facts_that_repeat(shop_.folder("lied to")));
}

TEST_F(TeacherTest, EvictingTheCacheHalfwayChangesNoBit) {
  auto half = cached_;
  half.stop_after_steps = 2;
  train_in(shop_.folder("evicted"), half);
  fs::remove_all(cached_.teacher_cache);
  train_in(shop_.folder("evicted"), cached_);
  expect_same("evicted");
}

TEST_F(TeacherTest, ATornCacheChangesNoBit) {
  train_in(shop_.folder("cold"), cached_);
  const auto file = cache_folder() / "epoch-1.f32";
  fs::resize_file(file, fs::file_size(file) / 2 + 3);
  train_in(shop_.folder("torn"), cached_);
  expect_same("torn");
}

TEST_F(TeacherTest, RunsThatSeeOtherPixelsShareNothing) {
  train_in(shop_.folder("cold"), cached_);
  auto recipe = shop_.distilled();
  recipe["augment"]["crop"]["padding"] = 1;
  auto other = shop_.request(recipe);
  other.teacher_cache = cached_.teacher_cache;
  train_in(shop_.folder("other"), other);
  recipe = shop_.distilled();
  recipe["optimizer"]["sgd"]["lr"] = 0.01;
  other = shop_.request(recipe);
  other.teacher_cache = cached_.teacher_cache;
  train_in(shop_.folder("same pixels"), other);
  EXPECT_EQ(std::distance(fs::directory_iterator(cached_.teacher_cache), fs::directory_iterator{}), 2);
}

TEST_F(TeacherTest, TheDistillationsWeightIsTheTaskTermsToo) {
  const auto metrics = lines_of(shop_.folder("uncached"), "epoch").at(0).at("metrics");
  EXPECT_NEAR(metrics.at("train.loss"),
              double(metrics.at("train.task")) + double(metrics.at("train.distill.logit")), 1e-6);
}

TEST_F(TeacherTest, TwoOfOneMindTeachWhatOneDoes) {
  const nlohmann::json twin{{"run", "twin"}};
  auto recipe = shop_.distilled();
  recipe["distill"]["logit"]["teachers"] = nlohmann::json::array({twin});
  auto both = shop_.request(recipe);
  const auto source = both.teachers.begin()->second;
  both.teachers[canonical(twin)] = source;
  both.teacher_cache = cached_.teacher_cache;
  train_in(shop_.folder("both"), both);
  const auto term = [&](const char* name) {
    return lines_of(shop_.folder(name), "epoch").at(0).at("metrics").at("train.distill.logit").get<double>();
  };
  EXPECT_NEAR(term("both"), term("uncached"), 1e-5);
  EXPECT_EQ(std::distance(fs::directory_iterator(cached_.teacher_cache), fs::directory_iterator{}), 2);
}

TEST_F(TeacherTest, WeightsThatDoNotFitAreNamed) {
  auto wrong = request_;
  wrong.teachers.begin()->second.backbone = {{"resnet", {{"depth", 14}}}};
  EXPECT_THROW(train_in(shop_.folder("wrong"), wrong), Error);
  const auto end = lines_of(shop_.folder("wrong"), "end").at(0);
  EXPECT_EQ(end.at("state"), "failed");
  EXPECT_NE(end.at("message").get<std::string>().find("teacher.safetensors"), std::string::npos);
}

}  // namespace
}  // namespace ablate::test
