#include "results/ensemble.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>

#include "harness/core/journal.h"
#include "harness/core/problems.h"

namespace ablate {
namespace {

static_assert(std::endian::native == std::endian::little, "files are little-endian");

/// The tensor of that name and type, read to its end: what a safetensors header says of it, checked.
template <class T>
std::vector<T> tensor(const nlohmann::json& header, std::string_view data, const char* name, const char* type,
                      std::size_t axes) {
  const auto& entry = header.at(name);
  const auto shape = entry.at("shape").get<std::vector<std::size_t>>();
  const auto offsets = entry.at("data_offsets").get<std::vector<std::size_t>>();
  if (entry.at("dtype") != type || shape.size() != axes || offsets.size() != 2 || offsets[0] > offsets[1] ||
      offsets[1] > data.size() || (offsets[1] - offsets[0]) % sizeof(T) != 0)
    throw Error(fmt::format("`{}` is not what it should be", name));
  std::vector<T> values((offsets[1] - offsets[0]) / sizeof(T));
  std::memcpy(values.data(), data.data() + offsets[0], offsets[1] - offsets[0]);
  return values;
}

Predictions parsed(std::string_view bytes) {
  std::uint64_t length = 0;
  if (bytes.size() < sizeof length) throw Error("it is too short");
  std::memcpy(&length, bytes.data(), sizeof length);
  bytes.remove_prefix(sizeof length);
  if (length > bytes.size()) throw Error("it ends in its header");
  const auto header = nlohmann::json::parse(bytes.substr(0, length));
  const auto data = bytes.substr(length);
  Predictions predictions{header.at("__metadata__").at("variant"),
                          tensor<std::int64_t>(header, data, "labels", "I64", 1),
                          tensor<float>(header, data, "probabilities", "F32", 2)};
  const auto images = predictions.labels.size();
  if (images == 0 || predictions.probabilities.size() % images != 0)
    throw Error("labels and probabilities do not match");
  const auto classes = std::int64_t(predictions.probabilities.size() / images);
  if (std::ranges::any_of(predictions.labels, [=](auto label) { return label < 0 || label >= classes; }))
    throw Error("a label is no class");
  return predictions;
}

}  // namespace

std::optional<Predictions> read_predictions(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return std::nullopt;
  try {
    return parsed(read_file(file));
  } catch (const std::exception& e) {
    throw Error(fmt::format("{}: no predictions of a run: {}", file.string(), e.what()));
  }
}

void Ensemble::add(const Predictions& run) {
  if (runs_++ == 0) {
    labels_ = run.labels;
    sums_.assign(run.probabilities.size(), 0);
  }
  if (run.labels != labels_ || run.probabilities.size() != sums_.size())
    throw Error("the runs of an ensemble were asked about different images");
  for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += double(run.probabilities[i]);
}

double Ensemble::top1() const {
  if (labels_.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto classes = std::ptrdiff_t(sums_.size() / labels_.size());
  std::int64_t right = 0;
  auto row = sums_.begin();
  for (const auto label : labels_) {
    right += std::max_element(row, row + classes) - row == label;
    row += classes;
  }
  return double(right) / double(labels_.size());
}

}  // namespace ablate
