// How fast a network trains or evaluates on one thread, and the memory that training takes; prints a line of
// JSON. Training is the trainer's as it is, loading included: two epochs of so many steps, the second one
// timed by the journal. Evaluation is the executor's on one batch again and again, of the deployed form.

#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn.h>
#include <fmt/format.h>

#include <atomic>
#include <boost/program_options.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "bench/noise.h"
#include "bench/scratch_folder.h"
#include "harness/core/canonical.h"
#include "harness/core/journal.h"
#include "harness/data/pack.h"
#include "harness/execute/fold.h"
#include "harness/graph/rewrite.h"
#include "harness/train/environment.h"
#include "harness/train/network.h"
#include "harness/train/task.h"
#include "harness/train/trainer.h"
#include "ingredients/recipe.h"

namespace ablate {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

struct Options {
  std::string network, executor, precision, mode;
  int size = 0, classes = 0, batch = 0, steps = 0, threads = 1;
  double width = 0;
  bool branches = false;
};

/// Bytes by that name in this process's status: "VmRSS" is resident now, "VmHWM" the most there ever was.
std::int64_t memory(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name + ":")) return 1024 * std::stoll(line.substr(name.size() + 1));
  throw Error("/proc/self/status has no " + name);
}

nlohmann::json backbone_of(const Options& options) {
  return {{options.network, {{"width", options.width}}}};
}

TrainSettings settings_of(const Options& options) {
  TrainSettings settings;
  if (!options.executor.empty()) settings.executor = options.executor;
  settings.precision = options.precision;
  return settings;
}

/// As bench/peer: SGD with momentum and decay, nothing else.
Request request_for(const Options& options, const fs::path& folder) {
  nlohmann::json data{{"size", options.size}};
  const auto packed =
      pack(noise_data({options.size, options.classes, options.batch * options.steps}), data, folder);
  data["fingerprint"] = packed.fingerprint;
  Request request;
  request.data = packed.file;
  request.keep = "none";
  request.threads = options.threads;
  nlohmann::json recipe{{"data", {{"synthetic", data}}},
                        {"backbone", backbone_of(options)},
                        {"train", {{"epochs", 2}, {"batch", options.batch}}},
                        {"optimizer", {{"sgd", {{"lr", 0.1}, {"nesterov", false}}}}}};
  const auto settings = settings_of(options);
  recipe["train"].update({{"executor", settings.executor}, {"precision", settings.precision}});
  if (options.branches) recipe["reparam"] = {{"branches", nlohmann::json::object()}};
  request.spec = {{"recipe", recipe}, {"seed", 1}, {"versions", nlohmann::json::object()}};
  request.trajectory = sha256(canonical(request.spec));
  request.runs = {{request.trajectory, request.spec}};
  return request;
}

/// What the journal says of the last epoch, and of the network.
nlohmann::json read_result(const fs::path& folder) {
  nlohmann::json result;
  for (const auto& line : read_journal(folder / "journal.jsonl")) {
    if (line.at("type") == "epoch")
      result["images_per_second"] = line.at("images").get<double>() / line.at("seconds").get<double>();
    if (line.at("type") == "facts") result["parameters"] = line.at("parameters_training");
  }
  return result;
}

nlohmann::json measure_training(const Options& options) {
  const auto before = memory("VmRSS");
  const ScratchFolder scratch;
  const auto request = request_for(options, scratch.path());
  const auto folder = scratch.path() / "run";
  fs::create_directories(folder);
  const std::atomic<bool> stop = false;
  const auto outcome = train(folder, request, stop, nlohmann::json::object());
  if (outcome.state != Outcome::State::Done)
    throw Error(fmt::format("{}: {}", name_of(outcome.state), outcome.message));
  auto result = read_result(folder);
  const auto data =
      static_cast<std::int64_t>(fs::file_size(request.data));  // all of it was read, as a mapped file
  result["memory"] = memory("VmHWM") - before - data;
  return result;
}

nlohmann::json measure_evaluation(const Options& options) {
  using Clock = std::chrono::steady_clock;
  training::configure_process(1);
  const auto before = memory("VmRSS");
  const at::NoGradGuard no_gradients;
  auto graph =
      training::build_backbone(backbone_of(options), {3, options.size, options.size, options.classes});
  if (options.branches) add_branches(graph, {});
  const auto weights = fold_all(graph, initial_weights(graph, 1));
  const auto executor = training::make_executor(settings_of(options), deployed(graph));
  const auto images =
      at::randn({options.batch, 3, options.size, options.size}).contiguous(at::MemoryFormat::ChannelsLast);
  constexpr int kWarmUp = 2;
  Pass pass;
  pass.kept = std::make_shared<KeptWeights>();
  auto start = Clock::now();
  for (int step = 0; step < kWarmUp + options.steps; ++step) {
    if (step == kWarmUp) start = Clock::now();
    executor->forward(weights, images, pass);
  }
  const auto seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return {{"images_per_second", options.batch * options.steps / seconds},
          {"parameters", deployed(graph).parameters()},
          {"memory", memory("VmHWM") - before}};
}

/// The options of the command line; without a network when only their list was asked for, which is printed.
Options options_of(int count, char** words) {
  Options options;
  po::options_description known("ablate_bench_step");
  const auto name = [](std::string& to, const char* fallback) {
    return po::value(&to)->default_value(fallback);
  };
  const auto number = [](auto& to, auto fallback) { return po::value(&to)->default_value(fallback); };
  known.add_options()("help", "this list")("network", name(options.network, "mobilenetv2"), "a backbone")(
      "branches", po::bool_switch(&options.branches), "with reparam.branches")(
      "width", number(options.width, 1.0), "of the backbone")(
      "size", number(options.size, 32), "of the images; from 64 pixels on the stem is ImageNet's")(
      "classes", number(options.classes, 10), "of the images")(
      "batch", number(options.batch, 128), "images in a step")("steps", number(options.steps, 6), "timed")(
      "threads", number(options.threads, 1), "of the fused executor in training")(
      "executor", name(options.executor, ""), "fused or reference; empty: the program's default")(
      "precision", name(options.precision, "float32"), "of training: float32 or bf16")(
      "mode", name(options.mode, "train"), "train or eval");
  po::variables_map values;
  po::store(po::parse_command_line(count, words, known), values);
  po::notify(values);
  if (options.mode != "train" && options.mode != "eval") throw Error("--mode is train or eval");
  if (values.count("help")) {
    options.network.clear();
    std::cout << known;
  }
  return options;
}

}  // namespace
}  // namespace ablate

int main(int count, char** words) {
  try {
    const auto options = ablate::options_of(count, words);
    if (options.network.empty()) return 0;
    const bool trains = options.mode == "train";
    std::cout << (trains ? ablate::measure_training(options) : ablate::measure_evaluation(options)) << "\n";
    return 0;
  } catch (const std::exception& error) {
    std::cerr << words[0] << ": " << error.what() << "\n";
    return 1;
  }
}
