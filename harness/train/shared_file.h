#pragma once

#include <filesystem>

namespace ablate::training {

/// A file that several processes use, made when it is not there; closing it lets go of its lock.
class SharedFile {
 public:
  explicit SharedFile(const std::filesystem::path& path);
  ~SharedFile();
  SharedFile(const SharedFile&) = delete;
  SharedFile& operator=(const SharedFile&) = delete;

  bool is_open() const { return descriptor_ >= 0; }
  /// False while another process holds it.
  bool try_lock() const;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace ablate::training
