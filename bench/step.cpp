// Training speed as the journal has it: ablate_bench_step NETWORK BATCH STEPS [WIDTH [EXECUTOR]] trains two
// epochs of so many steps (32 px, 10 classes, one thread, SGD) and prints the images per second of the
// second, loading included.

#include <fmt/format.h>
#include <stdlib.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "harness/core/canonical.h"
#include "harness/core/journal.h"
#include "harness/data/pack.h"
#include "harness/train/trainer.h"

namespace ablate {
namespace {

namespace fs = std::filesystem;

/// A folder that goes with the program.
class Scratch {
 public:
  Scratch() : path_((fs::temp_directory_path() / "ablate-bench-XXXXXX").string()) {
    if (!::mkdtemp(path_.data())) throw Error("cannot make a folder in " + path_);
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  fs::path path() const { return path_; }

 private:
  std::string path_;
};

/// As bench/peer/plain.py: SGD with momentum and decay, nothing else.
Request request_for(const std::string& network, double width, int batch, int steps,
                    const std::string& executor, const fs::path& folder) {
  nlohmann::json data{{"size", 32}, {"train", batch * steps}, {"test", 10}};
  const auto packed = pack(*find_data("synthetic"), data, folder);
  data["fingerprint"] = packed.fingerprint;
  Request request;
  request.data = packed.file;
  request.spec = {{"recipe",
                   {{"data", {{"synthetic", data}}},
                    {"backbone", {{network, {{"width", width}, {"stem", "cifar"}}}}},
                    {"train", {{"epochs", 2}, {"batch", batch}, {"executor", executor}}},
                    {"optimizer", {{"sgd", {{"lr", 0.1}, {"nesterov", false}}}}}}},
                  {"seed", 1},
                  {"versions", nlohmann::json::object()}};
  request.trajectory = sha256(canonical(request.spec));
  request.runs = {{request.trajectory, request.spec}};
  return request;
}

double images_per_second(const fs::path& folder) {
  double found = 0;
  for (const auto& line : read_journal(folder / "journal.jsonl"))
    if (line.at("type") == "epoch")
      found = line.at("images").get<double>() / line.at("seconds").get<double>();
  return found;
}

int run(int count, char** words) {
  if (count < 4) {
    fmt::print(stderr, "usage: {} NETWORK BATCH STEPS [WIDTH [EXECUTOR]]\n", words[0]);
    return 2;
  }
  const Scratch scratch;
  const double width = count > 4 ? std::atof(words[4]) : 1.0;
  const auto request = request_for(words[1], width, std::atoi(words[2]), std::atoi(words[3]),
                                   count > 5 ? words[5] : "reference", scratch.path());
  const auto folder = scratch.path() / "run";
  fs::create_directories(folder);
  const std::atomic<bool> stop = false;
  const auto outcome = train(folder, request, stop, nlohmann::json::object());
  if (outcome.state == Outcome::State::Interrupted) return 1;
  fmt::print("{:.2f}\n", images_per_second(folder));
  return 0;
}

}  // namespace
}  // namespace ablate

int main(int count, char** words) {
  try {
    return ablate::run(count, words);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", words[0], error.what());
    return 1;
  }
}
