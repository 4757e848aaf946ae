#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "harness/data/pack.h"
#include "harness/plan/plan.h"
#include "harness/run/store.h"

namespace ablate {

/// The world as it is, without reading any image: fingerprints that the store knows already, other keys stay
/// pending.
World known_world(const Store& store);

/// The data sets of a sweep, read into the store as planning asks for them.
class PackingWorld {
 public:
  /// `talk` is told what takes long and which images were left out.
  PackingWorld(const Store& store, std::function<void(const std::string&)> talk);

  /// Valid as long as this object.
  World world();
  /// The pack of a data set that planning asked for.
  const PackResult& packed(const std::string& data, const nlohmann::json& settings);

 private:
  Store store_;
  std::function<void(const std::string&)> talk_;
  std::map<std::string, PackResult> packs_;  // by canonical text of name and settings
};

}  // namespace ablate
