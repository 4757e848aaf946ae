#pragma once

#include <filesystem>
#include <string>

namespace ablate {

/// Where things lie in a store.
class Store {
 public:
  explicit Store(std::filesystem::path root) : root_(std::move(root)) {}

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path runs() const { return root_ / "runs"; }
  std::filesystem::path run(const std::string& trajectory) const { return runs() / trajectory; }
  std::filesystem::path sweep(const std::string& name, const std::string& digest) const {
    return root_ / "sweeps" / name / (digest + ".json");
  }
  std::filesystem::path coordinators() const { return root_ / "coordinators"; }
  std::filesystem::path data() const { return root_ / "data"; }
  std::filesystem::path teachers() const { return root_ / "teachers"; }
  std::filesystem::path ledger() const { return root_ / "ledger.db"; }

 private:
  std::filesystem::path root_;
};

}  // namespace ablate
