#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/core/params.h"

namespace ablate {

/// What can be said of a data set without reading it.
struct DataFacts {
  std::optional<int> classes;  // of an image folder only known by looking
  int size = 0;                // height = width of what the network sees
};

enum class Split { Train, Test };

/// One image as the data set stores it.
struct StoredImage {
  Split split = Split::Train;
  int label = 0;
  std::string path;  // relative to the data set's root, '/' as separator; "data_batch_1.bin#17" (counted from
                     // 0) for records
  std::string bytes;          // encoded JPEG or PNG, or height x width x 3 raw bytes
  int height = 0, width = 0;  // of raw bytes; 0 when encoded
};

/// Reads a data set from where it lies. Images come in a fixed order: train before test, then by class name
/// or record.
class DataSource {
 public:
  virtual ~DataSource() = default;
  /// Names in label order.
  virtual std::vector<std::string> classes() const = 0;
  virtual std::size_t size() const = 0;
  /// Throws Error that names file and reason when it cannot be read. May be called from several threads at
  /// once.
  virtual StoredImage read(std::size_t index) const = 0;
  /// Names, sizes and times of the files: as long as it stays, the fingerprint need not be computed again.
  virtual std::string stamp() const = 0;
  /// Drawn from its settings alone: there are no files that could be missing or change.
  virtual bool drawn() const { return false; }
};

/// Settings that every data set has; an entry's own settings derive from it and set their own defaults.
struct DataOptions {
  int size = 32;  // height = width of the network's input; images of other sizes are resized and cropped
  std::vector<double> mean{0.5, 0.5, 0.5};  // of 0..1 values, per channel
  std::vector<double> std{0.25, 0.25, 0.25};
  int validation =
      0;  // training images held out, chosen by a keyed hash of their path: the same for every seed
  int subset =
      0;  // training images that are used (after the held-out ones are taken), by the same hash; 0: all
  double crop = 1.0;  // evaluation: the shorter side is resized to size / crop, then the centre is cut out
  std::string unreadable = "error";  // or "skip": leave such images out and count them
};

/// A kind of data set.
struct DataEntry {
  std::string name;
  std::string doc;
  std::string source;
  int version = 1;
  std::vector<ParamInfo> params;  // its own, and those that all sets share
  /// Settings may lack what is at its default or in no key (as in a spec), here and below.
  std::function<DataFacts(const nlohmann::json& settings)> facts;
  /// The shared settings, with this entry's own defaults.
  std::function<DataOptions(const nlohmann::json& settings)> options;
  /// Throws Error when the path does not exist or does not hold such a set.
  std::function<std::unique_ptr<DataSource>(const nlohmann::json& settings)> open;
};

/// What an entry says about itself, apart from its parameters.
struct DataHeader {
  std::string name, doc, source;
  int version = 1;
};

/// Declares the shared settings for an entry's own P, which must derive from DataOptions.
template <class P>
Fields<P>& add_data_options(Fields<P>& fields) {
  const auto add = [&fields]<class V>(const char* name, V DataOptions::*member, Range range,
                                      const char* doc) {
    fields.add(name, static_cast<V P::*>(member), std::move(range), doc);
  };
  add("size", &DataOptions::size, between(8, 1024), "height = width of the network's input, in pixels");
  add("mean", &DataOptions::mean, each(between(0, 1), 3), "subtracted per channel from values in 0..1");
  add("std", &DataOptions::std, each(above(0), 3), "divides per channel afterwards");
  add("validation", &DataOptions::validation, at_least(0),
      "training images held out, by a hash of their paths: the same for every seed");
  add("subset", &DataOptions::subset, at_least(0),
      "training images used once the held-out ones are taken, by the same hash; 0: all");
  Range share = above(0);
  share.high = 1;
  add("crop", &DataOptions::crop, share,
      "share of the resized image's shorter side that is cut from its centre, where sizes differ");
  add("unreadable", &DataOptions::unreadable, one_of({"error", "skip"}),
      "images that cannot be read: refuse the set, or leave them out and count them");
  fields.not_in_key();  // what was left out shows in the fingerprint
  return fields;
}

/// Joins an entry's declaration with its functions, and adds the shared settings.
template <class P>
DataEntry describe(DataHeader header, DataFacts (*facts)(const P&),
                   std::unique_ptr<DataSource> (*open)(const P&), Fields<P> fields) {
  using Json = nlohmann::json;
  add_data_options(fields);
  return {.name = header.name,
          .doc = header.doc,
          .source = header.source,
          .version = header.version,
          .params = fields.info(),
          .facts = [=](const Json& settings) { return facts(fields.read(settings)); },
          .options = [=](const Json& settings) -> DataOptions { return fields.read(settings); },
          .open = [=](const Json& settings) { return open(fields.read(settings)); }};
}

/// Every kind of data set, in the order of the list in harness/data/CMakeLists.txt.
const std::vector<DataEntry>& data_catalogue();
/// Null when there is none of that name.
const DataEntry* find_data(const std::string& name);

}  // namespace ablate
