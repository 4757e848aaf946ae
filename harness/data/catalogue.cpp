#include "harness/data/catalogue.h"

namespace ablate {

const DataEntry* find_data(const std::string& name) {
  for (const auto& entry : data_catalogue())
    if (entry.name == name) return &entry;
  return nullptr;
}

}  // namespace ablate
