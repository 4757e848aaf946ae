#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "harness/core/journal.h"
#include "harness/core/problems.h"
#include "harness/data/catalogue.h"
#include "harness/data/file_stamp.h"

namespace ablate::data {
namespace {

namespace fs = std::filesystem;

struct Folder : DataOptions {
  PathValue path;
  Folder() {
    size = 224;
    mean = {0.485, 0.456, 0.406};
    std = {0.229, 0.224, 0.225};
    crop = 0.875;
  }
};

bool has_image_extension(const fs::path& file) {
  std::string extension = file.extension().string();
  for (char& c : extension) c = char(std::tolower(static_cast<unsigned char>(c)));
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

std::vector<std::string> class_folders(const fs::path& split) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(split))
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  if (names.empty())
    throw Error(fmt::format("{}: holds no folder, there must be one a class", split.string()));
  return names;
}

/// Paths below `root` of all images in `folder`, however deep, sorted bytewise.
std::vector<std::string> images_below(const fs::path& root, const fs::path& folder) {
  std::vector<std::string> images;
  const auto options = fs::directory_options::follow_directory_symlink;
  for (const auto& entry : fs::recursive_directory_iterator(folder, options))
    if (has_image_extension(entry.path()) && entry.is_regular_file())
      images.push_back(entry.path().lexically_relative(root).generic_string());
  std::sort(images.begin(), images.end());
  if (images.empty()) throw Error(fmt::format("{}: holds no image (.jpg, .jpeg, .png)", folder.string()));
  return images;
}

/// Names of one list that the other lacks.
std::vector<std::string> missing(const std::vector<std::string>& of, const std::vector<std::string>& in) {
  std::vector<std::string> names;
  std::set_difference(of.begin(), of.end(), in.begin(), in.end(), std::back_inserter(names));
  return names;
}

class FolderSource final : public DataSource {
 public:
  explicit FolderSource(const fs::path& root) : root_(root) {
    const fs::path train = root / "train";
    if (!fs::is_directory(train)) throw Error(fmt::format("{}: holds no folder train", root.string()));
    const fs::path test = test_folder();
    classes_ = class_folders(train);
    check_same_classes(train, test, class_folders(test));
    add_split(train, Split::Train);
    add_split(test, Split::Test);
  }

  std::vector<std::string> classes() const override { return classes_; }
  std::size_t size() const override { return files_.size(); }

  StoredImage read(std::size_t index) const override {
    const File& file = files_[index];
    return {
        .split = file.split, .label = file.label, .path = file.path, .bytes = read_file(root_ / file.path)};
  }

  std::string stamp() const override {
    std::string stamp = root_.string() + "\n";
    for (const auto& file : files_) stamp += file_stamp(root_, file.path);
    return stamp;
  }

 private:
  struct File {
    Split split;
    int label;
    std::string path;
  };

  fs::path test_folder() const {
    for (const char* name : {"test", "val"})
      if (fs::is_directory(root_ / name)) return root_ / name;
    throw Error(fmt::format("{}: holds no folder test (or val)", root_.string()));
  }

  void check_same_classes(const fs::path& train, const fs::path& test,
                          const std::vector<std::string>& names) const {
    const auto refuse = [](const fs::path& lacks, const fs::path& has, const std::vector<std::string>& what) {
      if (!what.empty())
        throw Error(fmt::format("{}: has no folder for the classes {} of {}", lacks.string(),
                                fmt::join(what, ", "), has.string()));
    };
    refuse(test, train, missing(classes_, names));
    refuse(train, test, missing(names, classes_));
  }

  void add_split(const fs::path& folder, Split split) {
    for (int label = 0; label < int(classes_.size()); ++label)
      for (auto& path : images_below(root_, folder / classes_[label]))
        files_.push_back({split, label, std::move(path)});
  }

  fs::path root_;
  std::vector<std::string> classes_;
  std::vector<File> files_;
};

DataFacts folder_facts(const Folder& settings) {
  return {.size = settings.size};
}

std::unique_ptr<DataSource> open_folder(const Folder& settings) {
  const fs::path root = settings.path.text;
  if (!fs::is_directory(root)) throw Error(fmt::format("{}: no such folder", root.string()));
  try {
    return std::make_unique<FolderSource>(root);
  } catch (const fs::filesystem_error& error) {
    throw Error(fmt::format("{}: cannot be read: {}", error.path1().string(), error.code().message()));
  }
}

}  // namespace

DataEntry folder() {
  return describe(
      {.name = "folder",
       .doc = "JPEG and PNG images in folders: train/<class>/ and test/<class>/, or val/ instead of test/.",
       .source = "the layout of torchvision's ImageFolder; mean and std are ImageNet's"},
      folder_facts, open_folder,
      Fields<Folder>{}.add("path", &Folder::path, any(), "folder with train/ and test/ or val/").required());
}

}  // namespace ablate::data
