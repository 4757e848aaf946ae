#include "harness/data/pack.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <system_error>

#include "harness/core/canonical.h"
#include "harness/core/problems.h"
#include "harness/data/file_lock.h"
#include "harness/data/pack_index.h"
#include "harness/data/pack_writer.h"
#include "harness/data/parallel.h"

namespace ablate {
namespace {

namespace fs = std::filesystem;

constexpr int kLargestDecoded = 64;

/// An image as it goes into the pack, or why it does not.
struct CheckedImage {
  StoredImage stored;
  std::string packed;         // bytes for the pack, when they are not stored.bytes
  int height = 0, width = 0;  // of decoded bytes
  std::string problem;

  std::string_view bytes() const { return packed.empty() ? stored.bytes : packed; }
};

void check_image(CheckedImage& image) {
  if (image.stored.height > 0) {
    image.height = image.stored.height;
    image.width = image.stored.width;
    return;
  }
  const Image decoded = decode_image(image.stored.bytes);
  if (std::max(decoded.height, decoded.width) > kLargestDecoded) return;
  image.height = decoded.height;
  image.width = decoded.width;
  image.packed.assign(reinterpret_cast<const char*>(decoded.pixels.data()), decoded.pixels.size());
}

CheckedImage read_and_check(const DataSource& source, std::size_t index) {
  CheckedImage image;
  try {
    image.stored = source.read(index);
    check_image(image);
  } catch (const Error& error) {
    image.problem = error.what();
    const std::string& path = image.stored.path;
    if (!path.empty()) image.problem = path + ": " + image.problem;
  }
  return image;
}

/// Hands every readable image on in order, read and decoded on all cores; returns what is wrong with the
/// others.
template <class Use>
std::vector<std::string> for_each_image(const DataSource& source, const Use& use) {
  constexpr std::size_t kChunk = 256;
  std::vector<std::string> problems;
  std::vector<CheckedImage> chunk;
  for (std::size_t first = 0; first < source.size(); first += kChunk) {
    chunk.assign(std::min(kChunk, source.size() - first), {});
    for_each_index(chunk.size(), [&](std::size_t i) { chunk[i] = read_and_check(source, first + i); });
    for (const auto& image : chunk)
      if (image.problem.empty())
        use(image);
      else
        problems.push_back(image.problem);
  }
  return problems;
}

/// The fingerprint, fed image by image; every field is preceded by its length, so none can run into the next.
class Fingerprint {
 public:
  explicit Fingerprint(const std::vector<std::string>& classes) : classes_(classes) {
    add(std::to_string(classes.size()));
    for (const auto& name : classes) add(name);
  }
  void add(const StoredImage& image) {
    add(image.split == Split::Train ? "train" : "test");
    add(classes_.at(image.label));
    add(image.path);
    add(fmt::format("{}x{}", image.height, image.width));
    add(image.bytes);
  }
  std::string hex() { return digest_.hex(); }

 private:
  void add(std::string_view field) { digest_.add(fmt::format("{}:", field.size())).add(field); }

  std::vector<std::string> classes_;
  Digest digest_;
};

void refuse_unreadable(const std::vector<std::string>& problems) {
  constexpr std::size_t kShown = 5;
  std::string text = fmt::format("{} images cannot be read:", problems.size());
  for (std::size_t i = 0; i < std::min(kShown, problems.size()); ++i) text += "\n  " + problems[i];
  if (problems.size() > kShown) text += fmt::format("\n  and {} more", problems.size() - kShown);
  throw Error(text + "\nMend or remove them, or set \"unreadable\": \"skip\" to leave them out.");
}

PackResult describe_pack(const PackedData& data, const fs::path& file) {
  PackResult result{.fingerprint = data.fingerprint(),
                    .file = file,
                    .classes = data.classes(),
                    .skipped = data.skipped(),
                    .messages = data.messages()};
  for (std::size_t i = 0; i < data.size(); ++i)
    ++(data.split(i) == Split::Train ? result.train : result.test);
  return result;
}

/// The pack of that fingerprint if it is there and whole.
std::optional<PackResult> existing_pack(const fs::path& folder, const std::string& fingerprint) {
  const fs::path file = folder / (fingerprint + ".pack");
  if (fingerprint.empty() || !fs::exists(file)) return std::nullopt;
  try {
    return describe_pack(*PackedData::open(file), file);
  } catch (const Error&) {
    return std::nullopt;  // damaged: made anew in its place
  }
}

fs::path pack_folder(const fs::path& store) {
  const fs::path folder = store / "data";
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(fmt::format("{}: cannot be made: {}", folder.string(), error.message()));
  return folder;
}

/// Only the holder of the lock writes here, so what lies about was left by one that died.
void remove_leftovers(const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".partial") fs::remove(entry.path());
}

PackResult write_pack(const DataSource& source, bool skip_unreadable, const fs::path& folder) {
  PackWriter writer(folder / fmt::format("{}.partial", ::getpid()));
  Fingerprint fingerprint(source.classes());
  PackResult result{.classes = source.classes()};
  result.messages = for_each_image(source, [&](const CheckedImage& image) {
    fingerprint.add(image.stored);
    const bool test = image.stored.split == Split::Test;
    ++(test ? result.test : result.train);
    writer.add({.label = image.stored.label,
                .height = std::uint16_t(image.height),
                .width = std::uint16_t(image.width),
                .test = test},
               image.stored.path, image.bytes());
  });
  if (!result.messages.empty() && !skip_unreadable) refuse_unreadable(result.messages);
  if (result.train == 0 || result.test == 0)
    throw Error(fmt::format("no readable image in the {} split", result.train == 0 ? "training" : "test"));
  result.skipped = result.messages.size();
  result.fingerprint = fingerprint.hex();
  result.file = folder / (result.fingerprint + ".pack");
  writer.finish(
      {{"fingerprint", result.fingerprint}, {"classes", result.classes}, {"messages", result.messages}},
      result.file);
  return result;
}

}  // namespace

PackResult pack(const DataEntry& entry, const nlohmann::json& settings, const fs::path& store) {
  const auto source = entry.open(settings);
  const fs::path folder = pack_folder(store);
  const FileLock lock(folder / "lock");
  const bool skip = entry.options(settings).unreadable == "skip";
  const std::string stamp = source->stamp();  // as it was before reading
  const PackIndex index(folder);
  if (const auto known = index.find(entry, stamp); known && (skip || known->skipped == 0))
    if (const auto existing = existing_pack(folder, known->fingerprint)) return *existing;
  remove_leftovers(folder);
  const auto result = write_pack(*source, skip, folder);
  index.add(entry, stamp, {.fingerprint = result.fingerprint, .skipped = result.skipped});
  return result;
}

std::string known_fingerprint(const DataEntry& entry, const nlohmann::json& settings, const fs::path& store,
                              int* classes) {
  const auto source = entry.open(settings);
  if (classes) *classes = int(source->classes().size());
  const bool skip = entry.options(settings).unreadable == "skip";
  if (const auto known = PackIndex(store / "data").find(entry, source->stamp()))
    return skip || known->skipped == 0 ? known->fingerprint : "";
  if (!source->drawn()) return "";
  Fingerprint fingerprint(source->classes());
  for_each_image(*source, [&](const CheckedImage& image) { fingerprint.add(image.stored); });
  return fingerprint.hex();
}

}  // namespace ablate
