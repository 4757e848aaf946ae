#include "harness/data/cifar_binary.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "harness/core/journal.h"
#include "harness/core/problems.h"
#include "harness/data/file_stamp.h"
#include "harness/data/mapped_file.h"

namespace ablate {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSide = 32, kPlane = kSide * kSide;

/// A file of records, and where its records start in the order of the set.
struct CifarFile {
  std::string name;
  Split split = Split::Train;
  std::size_t first = 0, records = 0;
  std::unique_ptr<MappedFile> file;
};

class CifarSource final : public DataSource {
 public:
  CifarSource(const fs::path& root, const CifarLayout& layout)
      : root_(root), layout_(layout), record_bytes_(layout.label_bytes + 3 * kPlane) {
    for (const auto& name : layout.train_files) add_file(name, Split::Train);
    add_file(layout.test_file, Split::Test);
    read_names();
  }

  std::vector<std::string> classes() const override { return names_; }
  std::size_t size() const override { return files_.back().first + files_.back().records; }

  StoredImage read(std::size_t index) const override {
    const auto after = [](std::size_t i, const CifarFile& f) { return i < f.first; };
    const CifarFile& file = *std::prev(std::upper_bound(files_.begin(), files_.end(), index, after));
    const std::size_t number = index - file.first;
    const std::string_view record = file.file->bytes().substr(number * record_bytes_, record_bytes_);
    StoredImage image{.split = file.split,
                      .label = std::uint8_t(record[layout_.label_at]),
                      .path = fmt::format("{}#{}", file.name, number),
                      .bytes = std::string(3 * kPlane, '\0'),
                      .height = kSide,
                      .width = kSide};
    if (image.label >= layout_.classes)
      throw Error(
          fmt::format("{}: record {} (counted from 0; byte {}) has the label {}, which must be 0 to {}",
                      (root_ / file.name).string(), number, number * record_bytes_ + layout_.label_at,
                      image.label, layout_.classes - 1));
    for (std::size_t c = 0; c < 3; ++c)
      for (std::size_t i = 0; i < kPlane; ++i)
        image.bytes[3 * i + c] = record[layout_.label_bytes + c * kPlane + i];
    return image;
  }

  std::string stamp() const override {
    std::string stamp = fmt::format("{}\nlabel {}\n", root_.string(), layout_.label_at);
    for (const auto& file : files_) stamp += file_stamp(root_, file.name);
    return stamp + file_stamp(root_, layout_.names_file);
  }

 private:
  void add_file(const std::string& name, Split split) {
    auto mapped = std::make_unique<MappedFile>(root_ / name);
    const std::size_t bytes = mapped->bytes().size(), records = bytes / record_bytes_;
    if (bytes == 0 || bytes % record_bytes_ != 0)
      throw Error(
          fmt::format("{}: {} bytes are no whole number of records of {} bytes: {} records end at byte {}, "
                      "{} bytes remain",
                      (root_ / name).string(), bytes, record_bytes_, records, records * record_bytes_,
                      bytes % record_bytes_));
    const std::size_t first = files_.empty() ? 0 : size();
    files_.push_back({name, split, first, records, std::move(mapped)});
  }

  /// The official files end with an empty line, which names no class.
  void read_names() {
    std::istringstream lines(read_file(root_ / layout_.names_file));
    for (std::string line; std::getline(lines, line);) {
      if (line.ends_with('\r')) line.pop_back();
      if (!line.empty()) names_.push_back(line);
    }
    if (names_.size() != std::size_t(layout_.classes))
      throw Error(fmt::format("{}: {} class names, there must be {}", (root_ / layout_.names_file).string(),
                              names_.size(), layout_.classes));
  }

  fs::path root_;
  CifarLayout layout_;
  std::size_t record_bytes_;
  std::vector<CifarFile> files_;
  std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<DataSource> open_cifar(const fs::path& path, const CifarLayout& layout) {
  if (!fs::is_directory(path)) throw Error(fmt::format("{}: no such folder", path.string()));
  for (const fs::path& root : {path, path / layout.folder})
    if (fs::exists(root / layout.test_file)) return std::make_unique<CifarSource>(root, layout);
  throw Error(
      fmt::format("{}: holds no {}; the binary version of the set is needed (its archive's folder is {})",
                  path.string(), layout.test_file, layout.folder));
}

}  // namespace ablate
