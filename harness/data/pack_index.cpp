#include "harness/data/pack_index.h"

#include <fmt/format.h>

#include "harness/core/canonical.h"
#include "harness/core/journal.h"
#include "harness/core/problems.h"

namespace ablate {
namespace {

using Json = nlohmann::json;

Json read_index(const std::filesystem::path& file) {
  try {
    if (!std::filesystem::exists(file)) return Json::object();
    auto index = Json::parse(read_file(file), nullptr, false);
    return index.is_object() ? index : Json::object();
  } catch (const Error&) {
    return Json::object();
  }
}

std::string index_key(const DataEntry& entry, const std::string& stamp) {
  return sha256(fmt::format("{} {}\n{}", entry.name, entry.version, stamp));
}

}  // namespace

std::optional<PackIndex::Known> PackIndex::find(const DataEntry& entry, const std::string& stamp) const {
  const Json index = read_index(file_);
  const auto found = index.find(index_key(entry, stamp));
  if (found == index.end() || !found->is_object()) return std::nullopt;
  const auto fingerprint = found->find("fingerprint");
  const auto skipped = found->find("skipped");
  if (fingerprint == found->end() || !fingerprint->is_string() || skipped == found->end() ||
      !skipped->is_number_unsigned())
    return std::nullopt;
  return Known{.fingerprint = *fingerprint, .skipped = *skipped};
}

void PackIndex::add(const DataEntry& entry, const std::string& stamp, const Known& known) const {
  Json index = read_index(file_);
  index[index_key(entry, stamp)] = {{"fingerprint", known.fingerprint}, {"skipped", known.skipped}};
  write_file(file_, index.dump(1) + "\n");
}

}  // namespace ablate
