// How fast images are made ready for training: ablate_bench_loading FOLDER SIZE AUGMENT EPOCHS goes through
// the training images of an image folder in the calling thread, with the ingredients of AUGMENT (JSON, as in
// a recipe), and prints the images per second of all epochs but the first.

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "bench/scratch_folder.h"
#include "harness/core/canonical.h"
#include "harness/data/pack.h"
#include "harness/train/batches.h"
#include "harness/train/kit.h"
#include "ingredients/catalogue.h"

namespace ablate {
namespace {

Request request_for(const std::string& images, int size, const nlohmann::json& augment,
                    const std::filesystem::path& folder) {
  nlohmann::json data{{"path", images}, {"size", size}};
  const auto packed = pack(*find_data("folder"), data, folder);
  data["fingerprint"] = packed.fingerprint;
  data.erase("path");
  Request request;
  request.data = packed.file;
  request.spec = {{"recipe",
                   {{"data", {{"folder", data}}},
                    {"backbone", {{"mobilenetv2", nlohmann::json::object()}}},
                    {"train", {{"epochs", 1}, {"batch", 64}}},
                    {"optimizer", {{"sgd", {{"lr", 0.1}}}}},
                    {"augment", augment}}},
                  {"seed", 1},
                  {"versions", nlohmann::json::object()}};
  request.trajectory = sha256(canonical(request.spec));
  request.runs = {{request.trajectory, request.spec}};
  return request;
}

double images_per_second(const Request& request, int epochs) {
  using Clock = std::chrono::steady_clock;
  const auto task = training::read_task(request);
  const auto kit = training::make_kit(request, ingredient_catalogue());
  std::int64_t images = 0;
  auto start = Clock::now();
  for (int epoch = 0; epoch < epochs; ++epoch) {
    if (epoch == 1) images = 0, start = Clock::now();
    training::each_of_view(task, kit, epoch, {task.options.size, task.train.batch, 0},
                           [&](const ByteBatch& batch) {
                             images += batch.count;
                             return true;
                           });
  }
  return double(images) / std::chrono::duration<double>(Clock::now() - start).count();
}

int run(int count, char** words) {
  if (count != 5) {
    fmt::print(stderr, "usage: {} FOLDER SIZE AUGMENT EPOCHS\n", words[0]);
    return 2;
  }
  const ScratchFolder scratch;
  const auto request = request_for(std::filesystem::absolute(words[1]).string(), std::atoi(words[2]),
                                   nlohmann::json::parse(words[3]), scratch.path());
  fmt::print("{:.0f}\n", images_per_second(request, std::atoi(words[4])));
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
