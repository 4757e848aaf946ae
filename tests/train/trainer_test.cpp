#include "harness/train/trainer.h"

#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include "harness/core/canonical.h"
#include "harness/core/journal.h"
#include "harness/execute/safetensors.h"
#include "harness/train/task.h"
#include "tests/train/probes.h"
#include "tests/train/support.h"

namespace ablate::test {
namespace {

namespace fs = std::filesystem;

nlohmann::json regularized(const Workshop& shop, const std::string& name, const nlohmann::json& settings) {
  auto recipe = shop.recipe();
  recipe["regularize"] = {{name, settings}};
  return recipe;
}

const auto kNothing = nlohmann::json::object();

TEST(Trainer, RecordsATrainingFromBeginToEnd) {
  const Workshop shop;
  const auto folder = shop.folder("plain");
  const auto request = shop.request(shop.recipe());
  EXPECT_EQ(train_in(folder, request).state, Outcome::State::Done);
  const auto begin = lines_of(folder, "begin").at(0);
  EXPECT_EQ(begin.at("attempt"), 1);
  EXPECT_EQ(begin.at("runs").at(0).at("spec"), request.spec);
  for (const auto* name : {"commit", "libtorch", "compiler", "cpu", "isa", "denormals", "threads", "os"})
    EXPECT_TRUE(begin.at("environment").contains(name)) << name;
  const auto facts = lines_of(folder, "facts").at(0);
  EXPECT_EQ(facts.at("steps_per_epoch"), 4);
  EXPECT_EQ(facts.at("validation_images"), 8);
  EXPECT_EQ(facts.at("costs").size(), 3u);
  const auto epochs = lines_of(folder, "epoch");
  ASSERT_EQ(epochs.size(), 2u);
  EXPECT_EQ(epochs.at(0).at("images"), 32);
  EXPECT_DOUBLE_EQ(epochs.at(0).at("metrics").at("lr"), 0.05);
  EXPECT_EQ(epochs.at(0).at("metrics").at("train.loss"), epochs.at(0).at("metrics").at("train.task"));
  EXPECT_EQ(lines_of(folder, "end").at(0).at("state"), "done");
  EXPECT_FALSE(fs::exists(folder / "checkpoint.safetensors"));
}

TEST(Trainer, SavesTheWeightsItNames) {
  const Workshop shop;
  const auto folder = shop.folder("plain");
  train_in(folder, shop.request(shop.recipe()));
  const auto weights = lines_of(folder, "weights");
  ASSERT_EQ(weights.size(), 2u);  // of the last and of the selected epoch
  for (const auto& line : weights)
    EXPECT_EQ(sha256(read_file(folder / line.at("file").get<std::string>())), line.at("sha256"));
}

TEST(Trainer, KeepsWhatIsAskedFor) {
  const Workshop shop;
  auto request = shop.request(shop.recipe());
  request.keep = "none";
  train_in(shop.folder("none"), request);
  EXPECT_FALSE(fs::exists(shop.folder("none") / "weights"));
  request.keep = "best";
  train_in(shop.folder("best"), request);
  EXPECT_TRUE(fs::exists(shop.folder("best") / "weights" / "raw-best.safetensors"));
  EXPECT_FALSE(fs::exists(shop.folder("best") / "weights" / "raw.safetensors"));
}

TEST(Trainer, TakesTheLastSmallerBatchWhenAsked) {
  const Workshop shop;
  auto recipe = shop.recipe();
  recipe["train"]["batch"] = 12;
  recipe["train"]["drop_last"] = false;
  train_in(shop.folder("all"), shop.request(recipe));
  EXPECT_EQ(lines_of(shop.folder("all"), "epoch").at(0).at("images"), 32);
}

TEST(Trainer, EndsAsDivergedWithEpochAndStep) {
  const Workshop shop;
  const auto folder = shop.folder("poisoned");
  const auto request = shop.request(regularized(shop, "poison", {{"step", 6}}));
  for (int time = 0; time < 2; ++time) {  // the second time there is nothing to do
    const auto outcome = train_in(folder, request, catalogue_with_probes());
    EXPECT_EQ(outcome.state, Outcome::State::Diverged);
    EXPECT_EQ(outcome.message, "loss is inf at epoch 2, step 3");
  }
  ASSERT_EQ(lines_of(folder, "end").size(), 1u);
  EXPECT_EQ(lines_of(folder, "end").at(0).at("state"), "diverged");
  EXPECT_EQ(lines_of(folder, "epoch").size(), 1u);
}

TEST(Trainer, AnIngredientThatDidNothingMakesItsRunsInvalid) {
  const Workshop shop;
  const auto request = shop.request(regularized(shop, "idle", kNothing));
  train_in(shop.folder("idle"), request, catalogue_with_probes());
  const auto invalid = lines_of(shop.folder("idle"), "counters").at(0).at("invalid");
  EXPECT_NE(invalid.at(request.runs[0].key).get<std::string>().find("regularize.idle"), std::string::npos);
  train_in(shop.folder("plain"), shop.request(shop.recipe()));
  EXPECT_TRUE(lines_of(shop.folder("plain"), "counters").at(0).at("invalid").empty());
}

TEST(Trainer, AFurtherPassOfAStepRepeatsTheFirst) {
  const Workshop shop;
  auto recipe = shop.recipe();
  recipe["optimizer"]["again"] = kNothing;
  train_in(shop.folder("again"), shop.request(recipe), catalogue_with_probes());
  train_in(shop.folder("plain"), shop.request(shop.recipe()));
  const auto again = lines_of(shop.folder("again"), "counters").at(0).at("counters");
  EXPECT_EQ(again.at("optimizer.again.same"), 8);
  for (std::size_t e = 0; e < 2; ++e)  // it left weights and BatchNorm's statistics alone
    EXPECT_EQ(lines_of(shop.folder("again"), "epoch").at(e).at("metrics"),
              lines_of(shop.folder("plain"), "epoch").at(e).at("metrics"));
}

TEST(Trainer, TrainsWhatAnIngredientBringsAlongAcrossInterruptions) {
  const Workshop shop;
  auto request = shop.request(regularized(shop, "along", kNothing));
  train_in(shop.folder("whole"), request, catalogue_with_probes());
  request.stop_after_steps = 3;
  train_in(shop.folder("halves"), request, catalogue_with_probes());
  request.stop_after_steps = 0;
  train_in(shop.folder("halves"), request, catalogue_with_probes());
  EXPECT_EQ(facts_that_repeat(shop.folder("whole")), facts_that_repeat(shop.folder("halves")));
  const double value =
      lines_of(shop.folder("whole"), "counters").at(0).at("counters").at("regularize.along.value");
  EXPECT_GT(value, 0.3);
}

TEST(Trainer, TheFusedFormSaysTheSame) {
  const Workshop shop;
  auto recipe = shop.recipe();
  recipe["reparam"] = {{"branches", {{"roles", {"dense"}}}}};
  const auto request = shop.request(recipe);
  const auto folder = shop.folder("branches");
  train_in(folder, request);
  std::map<std::string, nlohmann::json> last;
  for (const auto& line : lines_of(folder, "evaluation"))
    if (line.at("selected_by") == "last") last[line.at("variant")] = line;
  EXPECT_NEAR(last.at("fused").at("loss"), last.at("raw").at("loss"), 1e-4);
  EXPECT_FALSE(last.at("fused").at("reported"));
  const auto counters = lines_of(folder, "counters").at(0).at("run_counters").at(request.runs[0].key);
  EXPECT_GT(counters.at("reparam.branches.fused_difference"), 0);
  EXPECT_LT(counters.at("reparam.branches.fused_difference"), 1e-3);
}

/// A recipe that changes no weight, so that what it ends with is what it began with.
nlohmann::json standing_still(const Workshop& shop) {
  auto recipe = shop.recipe();
  recipe["optimizer"]["sgd"] = {{"lr", 0.0}, {"weight_decay", 0.0}};
  return recipe;
}

std::map<std::string, at::Tensor> tensors_in(const fs::path& file) {
  const auto content = load_tensors(file);
  return {content.tensors.begin(), content.tensors.end()};
}

TEST(Trainer, StartsFromAWeightFile) {
  const Workshop shop;
  auto request = shop.request(standing_still(shop));
  request.initial = shop.root() / "teacher.safetensors";
  train_in(shop.folder("init"), request);
  const auto trained = tensors_in(shop.folder("init") / "weights" / "raw.safetensors");
  for (const auto& [name, tensor] : tensors_in(request.initial))
    EXPECT_TRUE(name.find("running") != std::string::npos || at::equal(tensor, trained.at(name))) << name;
}

TEST(Trainer, DrawsTheHeadAnewWhereClassesDiffer) {
  const Workshop shop;
  auto request = shop.request(standing_still(shop));
  train_in(shop.folder("fresh"), request);
  request.initial = shop.root() / "seven.safetensors";
  save_weights(request.initial,
               initial_weights(training::build_backbone(shop.recipe().at("backbone"), {3, 16, 16, 7}), 9));
  train_in(shop.folder("init"), request);
  const auto fresh = tensors_in(shop.folder("fresh") / "weights" / "raw.safetensors");
  const auto started = tensors_in(shop.folder("init") / "weights" / "raw.safetensors");
  EXPECT_TRUE(at::equal(fresh.at("fc.weight"), started.at("fc.weight")));
  EXPECT_TRUE(at::equal(tensors_in(request.initial).at("conv1.weight"), started.at("conv1.weight")));
  EXPECT_NE(log_of(shop.folder("init")).find("fc.weight"), std::string::npos);
}

TEST(Trainer, StopsBeforeItsFirstStepWhenTold) {
  const Workshop shop;
  const std::atomic<bool> stop = true;
  const auto folder = shop.folder("stopped");
  EXPECT_EQ(train(folder, shop.request(shop.recipe()), stop, {}).state, Outcome::State::Interrupted);
  EXPECT_EQ(lines_of(folder, "end").at(0).at("state"), "interrupted");
  EXPECT_TRUE(fs::exists(folder / "checkpoint.safetensors"));
}

TEST(Trainer, ASmokeRunEndsAfterItsStepsAsIfTheyWereAll) {
  const Workshop shop;
  auto request = shop.request(shop.recipe(), {{"ema", {{"decay", 0.5}}}});
  request.finish_after_steps = 2;
  request.stop_after_steps = 1;
  const auto folder = shop.folder("smoke");
  EXPECT_EQ(train_in(folder, request).state, Outcome::State::Interrupted);
  EXPECT_EQ(train_in(folder, request).state, Outcome::State::Done);
  EXPECT_EQ(lines_of(folder, "epoch").size(), 1u);
  EXPECT_EQ(lines_of(folder, "epoch").at(0).at("images"), 16);
  EXPECT_FALSE(lines_of(folder, "evaluation").empty());
}

TEST(Trainer, AMissingPackFailsWithALineThatSaysSo) {
  const Workshop shop;
  auto request = shop.request(shop.recipe());
  request.data = shop.root() / "nowhere.pack";
  EXPECT_THROW(train_in(shop.folder("lost"), request), Error);
  EXPECT_EQ(lines_of(shop.folder("lost"), "begin").size(), 1u);
  EXPECT_EQ(lines_of(shop.folder("lost"), "end").at(0).at("state"), "failed");
}

}  // namespace
}  // namespace ablate::test
