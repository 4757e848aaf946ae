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
  std::string path;   // relative to the data set's root, '/' as separator; "data_batch_1.bin#17" for records
  std::string bytes;  // encoded JPEG or PNG, or height x width x 3 raw bytes
  int height = 0, width = 0;  // of raw bytes; 0 when encoded
};

/// Reads a data set from where it lies. Images come in a fixed order: train before test, then by class name or record.
class DataSource {
 public:
  virtual ~DataSource() = default;
  /// Names in label order.
  virtual std::vector<std::string> classes() const = 0;
  virtual std::size_t size() const = 0;
  /// Throws Error that names file and reason when it cannot be read.
  virtual StoredImage read(std::size_t index) const = 0;
  /// Names, sizes and times of the files: as long as it stays, the fingerprint need not be computed again.
  virtual std::string stamp() const = 0;
};

/// A kind of data set.
struct DataEntry {
  std::string name;
  std::string doc;
  std::string source;
  int version = 1;
  std::vector<ParamInfo> params;  // its own, and those that all sets share (data_params())
  /// The given settings, or "" when everything is there; a missing path is reported by `open`, not here.
  std::function<DataFacts(const nlohmann::json& settings)> facts;
  /// Throws Error when the path does not exist or does not hold such a set.
  std::function<std::unique_ptr<DataSource>(const nlohmann::json& settings)> open;
};

/// Settings that every data set has.
struct DataOptions {
  int size = 0;               // height = width of the network's input; a larger image is resized and cropped, 0: the set's own
  std::vector<double> mean;   // of 0..1 values, per channel
  std::vector<double> std;
  int validation = 0;         // training images held out, chosen by a keyed hash of their path: the same for every seed
  int subset = 0;             // training images that are used (after the held-out ones are taken), by the same hash; 0: all
  double crop = 0.875;        // evaluation: the shorter side is resized to size / crop, then the centre is cut out
  std::string unreadable = "error";  // or "skip": leave such images out and count them
};

/// Declares the shared settings for an entry's own P, which must derive from DataOptions.
template <class P>
Fields<P>& add_data_options(Fields<P>& fields);

/// Reads the shared settings out of any entry's settings.
DataOptions data_options(const nlohmann::json& settings);

const std::vector<DataEntry>& data_catalogue();
const DataEntry* find_data(const std::string& name);

}  // namespace ablate
