#include <algorithm>

#include <gmock/gmock.h>

#include "tests/structure/source_tree.h"

namespace ablate::structure {
namespace {

using testing::IsEmpty;
using testing::Not;

/// A folder and those it may include directly; what these may include, it may too.
const std::map<std::string, std::vector<std::string>> kArrows{
    {"harness/core", {}},
    {"harness/graph", {"harness/core"}},
    {"results/statistics", {"harness/core"}},
    {"results", {"results/statistics"}},
    {"backbones", {"harness/graph"}},
    {"harness/kernels", {"harness/core"}},
    {"harness/execute", {"harness/graph", "harness/kernels"}},
    {"harness/data", {"harness/graph"}},
    {"ingredients", {"harness/execute", "harness/data"}},
    {"harness/plan", {"harness/graph", "backbones", "results/statistics"}},
    {"harness/train", {"ingredients", "backbones"}},  // the worker finds a spec's network by its name
    {"harness/run", {"harness/train", "harness/plan", "results"}},
    {"harness/cli", {"harness/run"}},
};

/// Single headers that a folder may include besides: declarations that know no torch.
const std::map<std::string, std::vector<std::string>> kHeaders{
    {"harness/plan", {"harness/data/catalogue.h", "ingredients/catalogue.h", "ingredients/recipe.h"}}};

/// Folders whose files never see LibTorch, not even through a header of the project.
const std::vector<std::string> kTorchFree{"backbones",     "harness/core",    "harness/data",
                                          "harness/graph", "harness/kernels", "harness/plan",
                                          "harness/cli",   "harness/run",     "results"};

/// The files that may, all the same.
bool may_see_torch(const std::string& file) {
  return file.starts_with("harness/run/worker");
}

/// Headers of folders with LibTorch that those without include.
const std::vector<std::string> kTorchFreeHeaders{"harness/train/request.h", "harness/train/trainer.h",
                                                 "ingredients/catalogue.h", "ingredients/recipe.h"};

/// The longest folder of the list above that holds the file, or "".
std::string layer_of(const std::string& file) {
  std::string layer;
  for (const auto& [folder, allowed] : kArrows)
    if (file.starts_with(folder + "/") && folder.size() > layer.size()) layer = folder;
  return layer;
}

std::set<std::string> below(const std::string& layer) {
  std::set<std::string> all{layer};
  for (const auto& next : kArrows.at(layer)) all.merge(below(next));
  return all;
}

bool is_allowed(const std::string& from, const std::string& header) {
  const auto own = layer_of(from), other = layer_of(header);
  if (other.empty() || below(own).contains(other)) return true;
  const auto single = kHeaders.find(own);
  return single != kHeaders.end() && std::count(single->second.begin(), single->second.end(), header) > 0;
}

bool is_torch(const std::string& header) {
  return header.starts_with("ATen/") || header.starts_with("torch/") || header.starts_with("c10/");
}

/// The file, and the torch header that it reaches, for each of the files that reaches one.
std::vector<std::string> seeing_torch(const std::vector<std::string>& files) {
  std::vector<std::string> found;
  for (const auto& file : files) {
    const auto reached = source_tree().reach(file);
    const auto torch = std::find_if(reached.begin(), reached.end(), is_torch);
    if (torch != reached.end()) found.push_back(file + " reaches " + *torch);
  }
  return found;
}

TEST(Layers, AreSeenByThisTest) {
  EXPECT_GT(source_tree().includes.size(), 100u) << "the sources were not found under " ABLATE_TEST_ROOT;
  for (const auto& [folder, allowed] : kArrows)
    EXPECT_TRUE(std::any_of(source_tree().includes.begin(), source_tree().includes.end(),
                            [&](const auto& file) { return layer_of(file.first) == folder; }))
        << folder << " holds no source";
}

TEST(Layers, AreToldApartByTheRulesAbove) {
  EXPECT_TRUE(is_allowed("harness/run/x.cpp", "harness/core/problems.h"));
  EXPECT_TRUE(is_allowed("harness/plan/x.cpp", "ingredients/catalogue.h"));
  EXPECT_FALSE(is_allowed("harness/plan/x.cpp", "ingredients/ingredient.h"));
  EXPECT_FALSE(is_allowed("harness/core/x.cpp", "harness/graph/graph.h"));
  EXPECT_FALSE(is_allowed("results/statistics/x.cpp", "results/ledger.h"));
  EXPECT_FALSE(is_allowed("harness/train/x.cpp", "results/ledger.h"));
  EXPECT_THAT(seeing_torch({"ingredients/ingredient.h"}), Not(IsEmpty()));
}

TEST(Layers, IncludeOnlyWhatTheirArrowsAllow) {
  std::vector<std::string> wrong;
  for (const auto& [file, headers] : source_tree().includes) {
    if (layer_of(file).empty()) continue;
    for (const auto& header : headers)
      if (!is_allowed(file, header)) wrong.push_back(file + " includes " + header);
  }
  EXPECT_THAT(wrong, IsEmpty());
}

TEST(Layers, WithoutTorchSeeNoneOfItsHeaders) {
  std::vector<std::string> files;
  for (const auto& [file, headers] : source_tree().includes) {
    const bool free = std::any_of(kTorchFree.begin(), kTorchFree.end(),
                                  [&](const auto& folder) { return file.starts_with(folder + "/"); });
    if (free && !may_see_torch(file)) files.push_back(file);
  }
  EXPECT_THAT(seeing_torch(files), IsEmpty());
}

TEST(Layers, ShowHeadersWithoutTorchToThoseWhoPlanAndReport) {
  for (const auto& header : kTorchFreeHeaders) EXPECT_TRUE(source_tree().includes.contains(header)) << header;
  EXPECT_THAT(seeing_torch(kTorchFreeHeaders), IsEmpty());
}

TEST(Layers, NeverIncludeTheWholeOfTorch) {
  std::vector<std::string> wrong;
  for (const auto& [file, headers] : source_tree().includes)
    for (const auto& header : headers)
      if (header == "torch/torch.h" || header == "torch/nn.h" || header == "torch/optim.h")
        wrong.push_back(file);
  EXPECT_THAT(wrong, IsEmpty()) << "these take 11 to 20 seconds a file to compile";
}

}  // namespace
}  // namespace ablate::structure
