#include "harness/execute/safetensors.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/core/journal.h"

namespace ablate {
namespace {

constexpr std::uint64_t kLongestHeader = 100'000'000;  // the format's own limit
constexpr const char* kMetadata = "__metadata__";

struct ElementType {
  const char* name;
  at::ScalarType type;
};
constexpr std::array<ElementType, 11> kElementTypes{{{"BOOL", at::kBool},
                                                     {"U8", at::kByte},
                                                     {"I8", at::kChar},
                                                     {"I16", at::kShort},
                                                     {"U16", at::kUInt16},
                                                     {"F16", at::kHalf},
                                                     {"BF16", at::kBFloat16},
                                                     {"I32", at::kInt},
                                                     {"F32", at::kFloat},
                                                     {"F64", at::kDouble},
                                                     {"I64", at::kLong}}};

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& reason) {
  throw Error(fmt::format("{} is no safetensors file: {}", path.string(), reason));
}

/// JSON without the two things that nlohmann lets pass: keys that come twice, and text after the header's
/// object.
nlohmann::json parse_header(const std::string& text, const std::filesystem::path& path) {
  std::vector<std::set<std::string>> keys;
  const auto watch = [&](int, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    using Event = nlohmann::json::parse_event_t;
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key && !keys.back().insert(value.get<std::string>()).second)
      refuse(path, fmt::format("its header has the name '{}' twice", value.get<std::string>()));
    return true;
  };
  if (text.empty() || text[0] != '{') refuse(path, "its header does not begin with '{'");
  try {
    return nlohmann::json::parse(text, watch);
  } catch (const nlohmann::json::exception& error) {
    refuse(path, fmt::format("its header is not JSON ({})", error.what()));
  }
}

/// An array of non-negative integers, or nothing.
std::optional<std::vector<std::int64_t>> counts_in(const nlohmann::json& list) {
  if (!list.is_array()) return std::nullopt;
  std::vector<std::int64_t> counts;
  for (const auto& item : list) {
    if (!item.is_number_unsigned() || item.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max())
      return std::nullopt;
    counts.push_back(item.get<std::int64_t>());
  }
  return counts;
}

/// Where a tensor lies in the data.
struct Placement {
  std::string name;
  at::ScalarType type;
  std::vector<std::int64_t> shape;
  std::int64_t begin = 0, end = 0;
};

/// Bytes of a tensor; nothing when they exceed what can be counted.
std::optional<std::int64_t> bytes_of(const Placement& tensor) {
  std::int64_t bytes = static_cast<std::int64_t>(c10::elementSize(tensor.type));
  for (const std::int64_t size : tensor.shape)
    if (__builtin_mul_overflow(bytes, size, &bytes)) return std::nullopt;
  return bytes;
}

Placement placement_of(const std::string& name, const nlohmann::json& entry,
                       const std::filesystem::path& path) {
  const auto bad = [&](const std::string& what) { refuse(path, fmt::format("tensor '{}' {}", name, what)); };
  if (!entry.is_object()) bad("is not described by an object");
  for (const char* key : {"dtype", "shape", "data_offsets"})
    if (!entry.contains(key)) bad(fmt::format("has no '{}'", key));
  if (entry.size() != 3) bad("has keys beside dtype, shape and data_offsets");
  if (!entry["dtype"].is_string()) bad("has a dtype that is no text");
  const auto type_name = entry["dtype"].get<std::string>();
  const auto type = std::find_if(kElementTypes.begin(), kElementTypes.end(),
                                 [&](const ElementType& known) { return type_name == known.name; });
  if (type == kElementTypes.end()) bad(fmt::format("has the unknown type '{}'", type_name));
  const auto shape = counts_in(entry["shape"]), offsets = counts_in(entry["data_offsets"]);
  if (!shape) bad("has a shape that is no list of sizes");
  if (!offsets || offsets->size() != 2) bad("has data_offsets that are no pair of positions");
  Placement placement{name, type->type, *shape, (*offsets)[0], (*offsets)[1]};
  const auto bytes = bytes_of(placement);
  if (!bytes || placement.end < placement.begin || placement.end - placement.begin != *bytes)
    bad("has data_offsets that do not fit its shape and type");
  return placement;
}

/// In the order of the data, which must be covered without gap or overlap.
std::vector<Placement> placements_of(const nlohmann::json& header, std::uint64_t data,
                                     const std::filesystem::path& path) {
  std::vector<Placement> tensors;
  for (const auto& [name, entry] : header.items())
    if (name != kMetadata) tensors.push_back(placement_of(name, entry, path));
  std::sort(tensors.begin(), tensors.end(), [](const Placement& a, const Placement& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  std::int64_t end = 0;
  for (const auto& tensor : tensors) {
    if (tensor.begin != end)
      refuse(path, fmt::format("the data of tensor '{}' {} what comes before", tensor.name,
                               tensor.begin < end ? "overlaps" : "leaves a gap after"));
    end = tensor.end;
  }
  if (static_cast<std::uint64_t>(end) != data)
    refuse(path, fmt::format("its tensors take {} bytes and it holds {} (truncated?)", end, data));
  return tensors;
}

std::map<std::string, std::string> metadata_of(const nlohmann::json& header,
                                               const std::filesystem::path& path) {
  std::map<std::string, std::string> metadata;
  if (!header.contains(kMetadata)) return metadata;
  if (!header[kMetadata].is_object()) refuse(path, "its metadata is no object");
  for (const auto& [name, value] : header[kMetadata].items()) {
    if (!value.is_string()) refuse(path, fmt::format("its metadata '{}' is no text", name));
    metadata[name] = value.get<std::string>();
  }
  return metadata;
}

/// The eight bytes before the header, little-endian.
std::uint64_t header_length(std::ifstream& file, std::uint64_t size, const std::filesystem::path& path) {
  std::array<unsigned char, 8> bytes{};
  if (size < bytes.size() || !file.read(reinterpret_cast<char*>(bytes.data()), bytes.size()))
    refuse(path, "it is shorter than 8 bytes");
  std::uint64_t length = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) length = length << 8 | bytes[i];
  if (length > kLongestHeader || length > size - bytes.size())
    refuse(path, fmt::format("its header claims {} bytes and the file has {}", length, size));
  return length;
}

std::string header_text(const std::vector<std::pair<std::string, at::Tensor>>& tensors,
                        const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header;
  if (!metadata.empty()) header[kMetadata] = metadata;
  std::int64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    const auto type = std::find_if(kElementTypes.begin(), kElementTypes.end(), [&](const ElementType& known) {
      return known.type == tensor.scalar_type();
    });
    if (type == kElementTypes.end() || name == kMetadata || header.contains(name))
      throw Error(fmt::format("tensor '{}' cannot be saved: its type is unknown or its name taken", name));
    const auto bytes = static_cast<std::int64_t>(tensor.nbytes());
    header[name] = {
        {"dtype", type->name}, {"shape", tensor.sizes().vec()}, {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  auto text = header.empty() ? std::string("{}") : header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // so that the data are aligned
  return text;
}

}  // namespace

TensorFile load_tensors(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::error_code failure;
  const auto size = std::filesystem::file_size(path, failure);
  if (!file || failure) throw Error(fmt::format("cannot read {}", path.string()));
  std::string text(header_length(file, size, path), '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  const auto header = parse_header(text, path);
  TensorFile result{.metadata = metadata_of(header, path)};
  for (const auto& placement : placements_of(header, size - 8 - text.size(), path)) {
    const auto tensor = at::empty(placement.shape, at::TensorOptions(placement.type));
    file.read(static_cast<char*>(tensor.mutable_data_ptr()), placement.end - placement.begin);
    result.tensors.emplace_back(placement.name, tensor);
  }
  if (!file) throw Error(fmt::format("cannot read all of {}", path.string()));
  return result;
}

void save_tensors(const std::filesystem::path& path, const TensorFile& file) {
  const at::NoGradGuard no_grad;
  auto tensors = file.tensors;
  for (auto& [name, tensor] : tensors) tensor = tensor.detach().contiguous();
  std::stable_sort(tensors.begin(), tensors.end(), [](const auto& a, const auto& b) {
    return a.second.element_size() > b.second.element_size();  // keeps every tensor aligned
  });
  const auto header = header_text(tensors, file.metadata);
  std::string bytes;
  for (int shift = 0; shift < 64; shift += 8)
    bytes.push_back(static_cast<char>(header.size() >> shift & 0xFF));
  bytes += header;
  for (const auto& [name, tensor] : tensors)
    bytes.append(static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes());
  write_file(path, bytes);
}

}  // namespace ablate
