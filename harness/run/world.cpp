#include "harness/run/world.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "harness/core/canonical.h"
#include "harness/core/journal.h"

namespace ablate {
namespace {

std::optional<std::string> environment_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

std::string weights_digest(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file)) return "";
  Digest digest;
  std::string piece(1 << 20, '\0');
  while (in.read(piece.data(), std::streamsize(piece.size())) || in.gcount() > 0)
    digest.add(std::string_view(piece.data(), std::size_t(in.gcount())));
  return digest.hex();
}

DataIdentity known_identity(const Store& store, const std::string& data, const nlohmann::json& settings) {
  const auto* entry = find_data(data);
  if (!entry) return {};
  int classes = 0;
  try {
    auto fingerprint = known_fingerprint(*entry, settings, store.root(), &classes);
    if (!fingerprint.empty()) return {std::move(fingerprint), classes};
  } catch (const Error&) {
    // A data set that cannot be opened has no fingerprint yet; `run` says why.
  }
  return {"", entry->facts(settings).classes};
}

}  // namespace

World known_world(const Store& store) {
  return {[store](const std::string& data, const nlohmann::json& settings) {
            return known_identity(store, data, settings);
          },
          weights_digest, environment_variable};
}

PackingWorld::PackingWorld(const Store& store, std::function<void(const std::string&)> talk)
    : store_(store), talk_(std::move(talk)) {}

World PackingWorld::world() {
  return {[this](const std::string& data, const nlohmann::json& settings) -> DataIdentity {
            const auto& result = packed(data, settings);
            return {result.fingerprint, int(result.classes.size())};
          },
          weights_digest, environment_variable};
}

const PackResult& PackingWorld::packed(const std::string& data, const nlohmann::json& settings) {
  const auto id = data + canonical(settings);
  if (const auto known = packs_.find(id); known != packs_.end()) return known->second;
  const auto* entry = find_data(data);
  if (!entry) throw Error(fmt::format("unknown data set '{}'", data));
  if (known_fingerprint(*entry, settings, store_.root()).empty())
    talk_(fmt::format("reading data set {}", data));
  auto result = pack(*entry, settings, store_.root());
  for (const auto& message : result.messages) talk_(message);
  return packs_.emplace(id, std::move(result)).first->second;
}

}  // namespace ablate
