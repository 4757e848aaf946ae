// The files that hold what teachers say of views: of the store, and of other programs.

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include <ATen/ATen.h>

#include "harness/core/canonical.h"
#include "harness/core/problems.h"
#include "harness/execute/safetensors.h"
#include "harness/train/shared_file.h"
#include "harness/train/view_outputs.h"

namespace ablate::training {
namespace {

namespace fs = std::filesystem;

constexpr const char* kClasses = "classes";
constexpr const char* kLogProbabilities = "log_probabilities";

const at::Tensor* find(const TensorFile& file, const std::string& name) {
  for (const auto& [known, tensor] : file.tensors)
    if (known == name) return &tensor;
  return nullptr;
}

std::optional<ViewOutputs> read_view(const fs::path& path) {
  if (!fs::exists(path)) return std::nullopt;
  try {
    const auto file = load_tensors(path);
    const auto *classes = find(file, kClasses), *log_probabilities = find(file, kLogProbabilities);
    if (classes && log_probabilities) return ViewOutputs{*classes, *log_probabilities};
  } catch (const Error&) {  // damaged: as if it were not there
  }
  return std::nullopt;
}

void write_view(const fs::path& path, const ViewOutputs& outputs) {
  try {
    save_tensors(path, {{{kClasses, outputs.classes}, {kLogProbabilities, outputs.log_probabilities}}, {}});
  } catch (const Error&) {  // a store that cannot be written costs time only
  }
}

/// "augment.crop.padding is 4 there and 2 here": the first few of what differs.
void collect_differences(const nlohmann::json& there, const nlohmann::json& here, const std::string& path,
                         std::vector<std::string>& lines) {
  if (there == here) return;
  if (!there.is_object() || !here.is_object()) {
    lines.push_back(fmt::format("{} is {} there and {} here", path, there.dump(), here.dump()));
    return;
  }
  const auto below = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
  for (const auto& [key, value] : there.items())
    collect_differences(value, here.value(key, nlohmann::json()), below(key), lines);
  for (const auto& [key, value] : here.items())
    if (!there.contains(key)) collect_differences(nlohmann::json(), value, below(key), lines);
}

/// Both describe themselves: the digest decides, the text explains.
void check_views(const fs::path& path, const TensorFile& file, const nlohmann::json& description) {
  const auto digest = file.metadata.find("views");
  if (digest == file.metadata.end())
    throw Error(
        fmt::format("{}: does not say of which views it is: its metadata has no `views`", path.string()));
  if (digest->second == sha256(canonical(description))) return;
  std::vector<std::string> lines;
  const auto text = file.metadata.find("description");
  const auto there =
      text == file.metadata.end() ? nlohmann::json() : nlohmann::json::parse(text->second, nullptr, false);
  if (there.is_object()) collect_differences(there, description, "", lines);
  std::string reasons;
  for (const auto& line : lines) reasons += "\n  " + line;
  throw Error(
      fmt::format("{}: holds outputs for other views than this recipe shows; write them anew with "
                  "`ablate views`, or change the recipe{}",
                  path.string(), reasons));
}

[[noreturn]] void misshapen(const fs::path& path, const std::string& what) {
  throw Error(fmt::format("{}: {}", path.string(), what));
}

void check_shapes(const fs::path& path, const at::Tensor& classes, const at::Tensor& log_probabilities,
                  std::int64_t images, int views, int known_classes) {
  if (classes.dim() != 3 || log_probabilities.dim() != 3 ||
      log_probabilities.size(2) != classes.size(2) + 1 || classes.size(0) != log_probabilities.size(0) ||
      classes.size(1) != log_probabilities.size(1))
    misshapen(path, "`classes` is [views, images, k] and `log_probabilities` [views, images, k + 1]");
  if (classes.size(0) < views)
    misshapen(path,
              fmt::format("has {} views and the recipe shows {}; lower `views`", classes.size(0), views));
  if (classes.size(1) != images)
    misshapen(path, fmt::format("has {} images, the training part has {}", classes.size(1), images));
  if (!classes.numel() || classes.min().item<std::int64_t>() < 0 ||
      classes.max().item<std::int64_t>() >= known_classes)
    misshapen(path, fmt::format("names classes outside 0 to {}, which the data has", known_classes - 1));
  if (!log_probabilities.isfinite().all().item<bool>())
    misshapen(path, "has log-probabilities that are not finite");
}

}  // namespace

MakeView stored_in(const fs::path& folder, MakeView make) {
  return [folder, make = std::move(make)](int view,
                                          const std::atomic<bool>& stop) -> std::optional<ViewOutputs> {
    std::error_code ignored;
    fs::create_directories(folder, ignored);
    const auto file = folder / fmt::format("view-{}.safetensors", view);
    const SharedFile maker(folder / fmt::format("view-{}.lock", view));
    while (true) {
      if (auto outputs = read_view(file)) return outputs;
      if (stop) return std::nullopt;
      if (!maker.is_open() || maker.try_lock()) break;  // where no lock can be had nobody waits
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    if (auto outputs = read_view(file)) return outputs;  // its maker was done between look and lock
    auto outputs = make(view, stop);
    if (outputs) write_view(file, *outputs);
    return outputs;
  };
}

MakeView read_from(const fs::path& path, const nlohmann::json& description, int views, int classes) {
  const auto file = load_tensors(path);
  check_views(path, file, description);
  const auto *indices = find(file, kClasses), *log_probabilities = find(file, kLogProbabilities);
  if (!indices || !log_probabilities)
    misshapen(path, fmt::format("needs the tensors `{}` and `{}`", kClasses, kLogProbabilities));
  check_shapes(path, *indices, *log_probabilities, description.at("images").get<std::int64_t>(), views,
               classes);
  const ViewOutputs all{indices->to(at::kShort), log_probabilities->to(at::kHalf)};
  return [all](int view, const std::atomic<bool>&) -> std::optional<ViewOutputs> {
    return ViewOutputs{all.classes[view], all.log_probabilities[view]};
  };
}

}  // namespace ablate::training
