#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace ablate {

/// What is written of the views that a training shows.
struct ViewsRequest {
  nlohmann::json recipe;       // resolved, with `curriculum.reinforced` on
  std::filesystem::path data;  // pack
  std::filesystem::path folder;
  std::vector<int> views;  // which; empty: all
  int shard = 10000;       // images a file, at most
  int loader_threads = 1;
};

/// What `write_views` wrote.
struct WrittenViews {
  std::string digest;  // of the views' description
  std::size_t images = 0, views = 0;
};

/// Writes every view of every training image for a teacher elsewhere (docs/formats.md, "Views"):
/// `views.json`, and safetensors files of bytes `images` [n, H, W, 3], `ids` and `labels` [n]. Files that are
/// there already and whole are left alone. Throws Error when they cannot be written, or the folder holds
/// other views.
WrittenViews write_views(const ViewsRequest& request);

}  // namespace ablate
