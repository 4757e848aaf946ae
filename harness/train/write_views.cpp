#include "harness/train/write_views.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "harness/core/canonical.h"
#include "harness/core/journal.h"
#include "harness/core/problems.h"
#include "harness/execute/safetensors.h"
#include "harness/train/batches.h"
#include "harness/train/log.h"
#include "harness/train/training.h"
#include "harness/train/views.h"

namespace ablate {
namespace training {
namespace {

namespace fs = std::filesystem;

/// What the pixels depend on: nobody is taught and nothing is trained.
Request request_for(const ViewsRequest& asked) {
  auto recipe = nlohmann::json::object();
  for (const char* key : {"data", "backbone", "train", "optimizer", "augment"})
    if (const auto part = asked.recipe.find(key); part != asked.recipe.end()) recipe[key] = *part;
  recipe["curriculum"]["reinforced"] = asked.recipe.at("curriculum").at("reinforced");
  if (recipe.contains("train")) recipe["train"].erase("init");
  Request request;
  request.spec = {{"recipe", recipe}, {"seed", 1}};
  request.runs = {{"views", request.spec}};
  request.data = asked.data;
  return request;
}

/// Images, gathered until a file is full.
class Shards {
 public:
  Shards(const ViewsRequest& request, int view) : request_(request), view_(view) {}

  void add(const ByteBatch& bytes) {
    const auto each = bytes.pixels.size() / std::size_t(bytes.count);
    height_ = bytes.height;
    width_ = bytes.width;
    for (int i = 0; i < bytes.count; ++i) {
      const auto* first = bytes.pixels.data() + each * std::size_t(i);
      pixels_.insert(pixels_.end(), first, first + each);
      ids_.push_back(bytes.ids[std::size_t(i)]);
      labels_.push_back(bytes.labels[std::size_t(i)]);
      if (int(ids_.size()) == request_.shard) flush();
    }
  }
  void flush() {
    if (ids_.empty()) return;
    const auto n = std::int64_t(ids_.size());
    const auto images = at::from_blob(pixels_.data(), {n, height_, width_, 3}, at::kByte);
    const auto ids = at::from_blob(ids_.data(), {n}, at::kLong);
    const auto labels = at::from_blob(labels_.data(), {n}, at::kLong);
    save_tensors(request_.folder / file_name(view_, number_++),
                 {{{"images", images}, {"ids", ids}, {"labels", labels}}, {}});
    pixels_.clear();
    ids_.clear();
    labels_.clear();
  }
  static std::string file_name(int view, std::size_t number) {
    return fmt::format("view-{}-{:04}.safetensors", view, number);
  }

 private:
  const ViewsRequest& request_;
  int view_, height_ = 0, width_ = 0;
  std::size_t number_ = 0;
  std::vector<std::uint8_t> pixels_;
  std::vector<std::int64_t> ids_, labels_;
};

std::vector<std::string> file_names(int view, std::size_t images, int shard) {
  std::vector<std::string> names;
  for (std::size_t first = 0, number = 0; first < images; first += std::size_t(shard))
    names.push_back(Shards::file_name(view, number++));
  return names;
}

nlohmann::json page_of(const ViewsRequest& asked, const Training& t, int views) {
  const auto description = describe_views(t.task, t.kit);
  auto files = nlohmann::json::array();
  for (int view = 0; view < views; ++view)
    files.push_back(file_names(view, t.task.parts.train.size(), asked.shard));
  return {{"digest", sha256(canonical(description))},
          {"description", canonical(description)},
          {"views", views},
          {"images", t.task.parts.train.size()},
          {"size", t.task.options.size},
          {"classes", t.task.data->classes()},
          {"files", files}};
}

/// Writing goes on where it stopped, but never into a folder of other views.
void claim_folder(const fs::path& folder, const nlohmann::json& page) {
  fs::create_directories(folder);
  const auto file = folder / "views.json";
  const auto text = page.dump(1) + "\n";
  if (fs::exists(file) && read_file(file) != text)
    throw Error(
        fmt::format("{}: is of other views or of another number of images a file; write into an empty "
                    "folder",
                    file.string()));
  write_file(file, text);
}

bool is_whole(const fs::path& folder, const std::vector<std::string>& files) {
  return std::ranges::all_of(files, [&](const auto& name) { return fs::exists(folder / name); });
}

std::vector<int> chosen_views(const std::vector<int>& asked, int views) {
  auto chosen = asked;
  if (chosen.empty()) {
    chosen.resize(std::size_t(views));
    std::iota(chosen.begin(), chosen.end(), 0);
  }
  for (const int view : chosen)
    if (view < 0 || view >= views)
      throw Error(fmt::format("there is no view {}: the recipe has {}, from 0 on", view, views));
  return chosen;
}

}  // namespace
}  // namespace training

WrittenViews write_views(const ViewsRequest& asked) {
  using namespace training;
  const at::NoGradGuard no_gradients;
  const auto request = request_for(asked);
  std::filesystem::create_directories(asked.folder);
  Log log(asked.folder);
  const Training t(request, ingredient_catalogue(), nlohmann::json::object(), log);
  const int views = asked.recipe.at("curriculum").at("reinforced").at("views");
  const auto chosen = chosen_views(asked.views, views);
  const auto page = page_of(asked, t, views);
  claim_folder(asked.folder, page);
  constexpr int kBatch = 64;
  for (const int view : chosen) {
    if (is_whole(asked.folder, page.at("files").at(std::size_t(view)))) continue;
    Shards shards(asked, view);
    each_of_view(t.task, t.kit, view, {t.task.options.size, kBatch, asked.loader_threads},
                 [&](const ByteBatch& bytes) {
                   shards.add(bytes);
                   return true;
                 });
    shards.flush();
    log.say(fmt::format("view {} written", view));
  }
  return {page.at("digest"), t.task.parts.train.size(), chosen.size()};
}

}  // namespace ablate
