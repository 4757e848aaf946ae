#include <gmock/gmock.h>

#include <map>

#include <ATen/ATen.h>

#include "harness/execute/safetensors.h"
#include "tests/train/support.h"

namespace ablate::test {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;

/// A trajectory with a raw and an averaged run, evaluated as `evaluate` says.
Request two_runs(const Workshop& shop, const Json& evaluate) {
  auto recipe = shop.recipe();
  recipe["evaluate"].update(evaluate);
  auto request = shop.request(recipe);
  shop.add_run(request, {{"ema", {{"decay", 0.5}, {"warmup", "none"}}}});
  return request;
}

/// The lines of spoiled test splits, by split and variant.
std::map<std::pair<std::string, std::string>, Json> spoiled(const std::filesystem::path& folder) {
  std::map<std::pair<std::string, std::string>, Json> found;
  for (const auto& line : lines_of(folder, "evaluation"))
    if (line.at("split") != "test") {
      const bool first = found.emplace(std::pair(line.at("split"), line.at("variant")), line).second;
      EXPECT_TRUE(first) << line.dump();
    }
  return found;
}

TEST(Robustness, ReportedVariantsAreEvaluatedOnEveryCorruptionAndSeverity) {
  const Workshop shop;
  const auto request =
      two_runs(shop, {{"corruptions", {"impulse_noise", "gaussian_noise"}}, {"severities", {5, 1}}});
  const auto folder = shop.folder("corrupted");
  train_in(folder, request);
  const auto lines = spoiled(folder);
  EXPECT_EQ(lines.size(), 8u);
  for (const std::string way :
       {"gaussian_noise.1", "gaussian_noise.5", "impulse_noise.1", "impulse_noise.5"}) {
    const auto &raw = lines.at({"test@" + way, "raw"}), &ema = lines.at({"test@" + way, "ema"});
    EXPECT_THAT(raw.at("runs"), ElementsAre(request.runs[0].key));
    EXPECT_THAT(ema.at("runs"), ElementsAre(request.runs[1].key));
    for (const auto& line : {raw, ema}) {
      EXPECT_EQ(line.at("selected_by"), "last");
      EXPECT_EQ(line.at("epoch"), 2);
    }
    EXPECT_NE(raw.at("loss"), ema.at("loss"));
  }
}

TEST(Robustness, AttacksRaiseTheLossAndMoreStepsRaiseItMore) {
  const Workshop shop;
  const auto request = two_runs(shop, {{"fgsm", 4}, {"pgd", 4}});
  const auto folder = shop.folder("attacked");
  train_in(folder, request);
  const auto lines = spoiled(folder);
  EXPECT_EQ(lines.size(), 4u);
  for (const auto& line : lines_of(folder, "evaluation")) {
    if (line.at("selected_by") != "last" || line.at("split") != "test" || !line.at("reported")) continue;
    const std::string variant = line.at("variant");
    const double clean = line.at("loss"), fgsm = lines.at({"test@fgsm", variant}).at("loss"),
                 pgd = lines.at({"test@pgd", variant}).at("loss");
    EXPECT_LT(clean, fgsm) << variant;
    EXPECT_LT(fgsm, pgd) << variant;
  }
}

TEST(Robustness, AnAttackOfOneLevelIsWeakerThanOneOfEight) {
  const Workshop shop;
  std::map<int, double> losses;
  for (const int radius : {1, 8}) {
    const auto folder = shop.folder("radius " + std::to_string(radius));
    train_in(folder, two_runs(shop, {{"pgd", radius}, {"pgd_steps", 3}}));
    losses[radius] = spoiled(folder).at({"test@pgd", "raw"}).at("loss");
  }
  EXPECT_LT(losses[1], losses[8]);
}

TEST(Robustness, DoesNotDependOnLoaderThreads) {
  const Workshop shop;
  std::vector<std::map<std::pair<std::string, std::string>, Json>> seen;
  for (const int threads : {0, 3}) {
    auto request =
        two_runs(shop, {{"corruptions", {"all"}}, {"severities", {1}}, {"pgd", 2}, {"pgd_steps", 2}});
    request.loader_threads = threads;
    const auto folder = shop.folder(std::to_string(threads));
    train_in(folder, request);
    seen.push_back(spoiled(folder));
  }
  EXPECT_FALSE(seen[0].empty());
  EXPECT_EQ(seen[0], seen[1]);
}

TEST(Predictions, OfEveryRunGiveTheLossOfItsReportedVariant) {
  const Workshop shop;
  const auto request = two_runs(shop, {{"predictions", true}});
  const auto folder = shop.folder("kept");
  train_in(folder, request);
  for (const auto& [run, variant] : {std::pair(0, "raw"), std::pair(1, "ema")}) {
    const auto key = request.runs[std::size_t(run)].key;
    const auto file = load_tensors(folder / "predictions" / (key + ".safetensors"));
    EXPECT_EQ(file.metadata.at("variant"), variant);
    std::map<std::string, at::Tensor> tensors(file.tensors.begin(), file.tensors.end());
    const auto probabilities = tensors.at("probabilities").to(at::kDouble);
    ASSERT_EQ(probabilities.sizes(), (std::vector<std::int64_t>{13, 4}));
    const double loss =
        -probabilities.gather(1, tensors.at("labels").unsqueeze(1)).log().mean().item<double>();
    for (const auto& line : lines_of(folder, "evaluation")) {
      if (line.at("selected_by") == "last" && line.at("variant") == variant && line.at("reported")) {
        EXPECT_NEAR(line.at("loss").get<double>(), loss, 1e-5);
      }
    }
  }
}

TEST(Robustness, LeavesEveryOtherResultAsItWas) {
  const Workshop shop;
  train_in(shop.folder("plain"), two_runs(shop, Json::object()));
  train_in(
      shop.folder("asked"),
      two_runs(
          shop,
          {{"corruptions", {"all"}}, {"severities", {2}}, {"fgsm", 8}, {"pgd", 8}, {"predictions", true}}));
  const auto results = [&](const std::string& name) {
    std::vector<Json> all;
    for (auto line : lines_of(shop.folder(name), "evaluation"))
      if (line.at("split") == "test") {
        line.erase("runs");
        all.push_back(line);
      }
    return all;
  };
  EXPECT_EQ(results("plain"), results("asked"));
  EXPECT_TRUE(spoiled(shop.folder("plain")).empty());
  EXPECT_FALSE(spoiled(shop.folder("asked")).empty());
}

}  // namespace
}  // namespace ablate::test
