#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>

#include "harness/core/canonical.h"
#include "harness/plan/plan.h"

namespace ablate {

/// A folder with sweep files, and a world in which every data set is there.
class SweepFolder : public ::testing::Test {
 protected:
  SweepFolder() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    root = std::filesystem::temp_directory_path() /
           (std::string("ablate-plan-") + info->test_suite_name() + "-" + info->name());
    std::filesystem::remove_all(root);
    std::filesystem::create_directories(root);
    world.data = [this](const std::string& name, const nlohmann::json&) {
      ++asked;
      return DataIdentity{known_data ? sha256("data " + name) : "", std::nullopt};
    };
    world.weights_digest = [this](const std::filesystem::path& path) {
      const auto found = weights.find(path.filename().string());
      return found == weights.end() ? std::string() : found->second;
    };
    world.environment = [this](const std::string& name) {
      const auto found = environment.find(name);
      return found == environment.end() ? std::nullopt : std::optional(found->second);
    };
  }
  ~SweepFolder() override { std::filesystem::remove_all(root); }

  std::filesystem::path write(const std::string& name, const std::string& text) const {
    const auto path = root / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path;
  }

  /// Plans a sweep of that text; what is wrong stands in `problems`.
  std::optional<Plan> plan(const std::string& text, const Overrides& overrides = {}) {
    return plan_file(write("sweep.json", text), overrides);
  }
  std::optional<Plan> plan_file(const std::filesystem::path& file, const Overrides& overrides = {}) {
    problems = Problems();
    return make_plan(file, overrides, world, problems);
  }
  /// The sweep must be fine.
  Plan planned(const std::string& text, const Overrides& overrides = {}) {
    auto result = plan(text, overrides);
    EXPECT_TRUE(result) << problems.text();
    return result ? *result : Plan{};
  }
  /// The sweep must not be; returns all that is said about it, without the folder's name.
  std::string refused(const std::string& text, const Overrides& overrides = {}) {
    EXPECT_FALSE(plan(text, overrides));
    return said();
  }
  std::string said() const {
    auto text = problems.text();
    const auto prefix = root.string() + "/";
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix))
      text.erase(at, prefix.size());
    return text;
  }

  std::filesystem::path root;
  World world;
  Problems problems;
  std::map<std::string, std::string> weights, environment;
  bool known_data = true;
  int asked = 0;
};

/// A small recipe, and a sweep around it: `more` holds further keys of the sweep.
inline std::string recipe(const std::string& more = "") {
  return R"({"data": "synthetic", "train": {"epochs": 2, "batch": 64}, "optimizer": {"sgd": {"lr": 0.1}})" +
         (more.empty() ? "" : ", " + more) + "}";
}
inline std::string sweep(const std::string& more, const std::string& in_recipe = "") {
  return R"({"name": "s", "base": )" + recipe(in_recipe) + R"(, "backbones": ["mobilenetv2"])" +
         (more.empty() ? "" : ", " + more) + "}";
}

inline std::vector<std::string> labels(const Plan& plan) {
  std::vector<std::string> all;
  for (const auto& arm : plan.arms) all.push_back(arm.label);
  return all;
}

}  // namespace ablate
