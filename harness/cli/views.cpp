#include <iostream>
#include <map>

#include <fmt/format.h>

#include "harness/cli/command.h"
#include "harness/cli/shared_options.h"
#include "harness/core/canonical.h"
#include "harness/run/run_sweep.h"
#include "harness/run/world.h"
#include "harness/train/write_views.h"

namespace ablate::cli {
namespace {

/// Outputs that are yet to be computed from these views have no digest.
World without_outputs(World world) {
  world.weights_digest = [known = world.weights_digest](const std::filesystem::path& file) {
    const auto digest = known(file);
    return digest.empty() ? sha256(file.string()) : digest;
  };
  return world;
}

std::vector<int> numbers_in(const std::string& text) {
  std::vector<int> numbers;
  for (const auto& word : listed(text)) {
    if (word.empty() || word.size() > 6 || word.find_first_not_of("0123456789") != std::string::npos)
      throw UsageError(fmt::format("--views takes numbers with commas between them, found '{}'", text));
    numbers.push_back(std::stoi(word));
  }
  return numbers;
}

/// What fixes the pixels of a run, as far as its recipe says.
std::string pixels_of(const nlohmann::json& recipe) {
  auto reinforced = recipe.at("curriculum").at("reinforced");
  reinforced.erase("top");
  return canonical({{"data", recipe.at("data")},
                    {"augment", recipe.value("augment", nlohmann::json())},
                    {"how", reinforced}});
}

/// One trajectory for each set of views that the sweep shows.
std::vector<const Trajectory*> different_views(const Plan& plan) {
  std::map<std::string, const Trajectory*> found;
  for (const auto& trajectory : plan.trajectories) {
    const auto& recipe = plan.runs.at(trajectory.runs.front()).recipe;
    const auto curriculum = recipe.find("curriculum");
    if (curriculum != recipe.end() && curriculum->contains("reinforced"))
      found.emplace(pixels_of(recipe), &trajectory);
  }
  std::vector<const Trajectory*> views;
  for (const auto& [pixels, trajectory] : found) views.push_back(trajectory);
  return views;
}

}  // namespace

ExitStatus views(const Arguments& arguments) {
  CommandLine line(
      "views FILE --out DIR [options]",
      "Writes the fixed views of the training images that a sweep with curriculum.reinforced shows, "
      "so that a\nteacher anywhere can look at them (docs/teacher_outputs.py); its outputs are a "
      "teacher of the sweep:\n\"teachers\": {\"BEiT\": {\"outputs\": \"FILE\"}}.");
  line.argument("FILE");
  add_store(line);
  add_overrides(line);
  line.options()("out", po::value<std::string>()->value_name("DIR"), "where to; a folder of its own")(
      "views", po::value<std::string>()->value_name("N,N,..."), "only these, counted from 0")(
      "shard", po::value<int>()->default_value(10000)->value_name("N"), "images a file, at most");
  const auto values = line.parse(arguments);
  if (!values) return ExitStatus::Done;
  const std::filesystem::path out = text_of(*values, "out");
  if (out.empty()) throw UsageError("--out DIR is missing");
  const int shard = (*values)["shard"].as<int>();
  if (shard < 1) throw UsageError("--shard takes a number above 0");
  const auto store = store_of(*values);
  std::filesystem::create_directories(store.root());
  PackingWorld packing(store, [](const std::string& text) { fmt::print(stderr, "{}\n", text); });
  Problems problems;
  const auto plan =
      make_plan(required(*values, "FILE"), overrides_of(*values), without_outputs(packing.world()), problems);
  if (!report(problems) || !plan) return ExitStatus::InvalidSweep;
  const auto found = different_views(*plan);
  if (found.empty())
    throw Error(
        fmt::format("no arm of {} has curriculum.reinforced on, so it shows no fixed views", plan->name));
  for (const auto* trajectory : found) {
    const auto folder = found.size() == 1 ? out : out / trajectory->key.substr(0, 12);
    const auto& pack = packing.packed(trajectory->data_name, trajectory->data_settings);
    const auto& recipe = plan->runs.at(trajectory->runs.front()).recipe;
    const auto written =
        write_views({recipe, pack.file, folder, numbers_in(text_of(*values, "views")), shard});
    std::cout << fmt::format("{} views of {} images, digest {}, in {}\n", written.views, written.images,
                             written.digest, folder.string());
  }
  return ExitStatus::Done;
}

}  // namespace ablate::cli
