#include "backbones/catalogue.h"

namespace ablate {

const BackboneEntry* find_backbone(const std::string& name) {
  for (const auto& entry : backbone_catalogue())
    if (entry.name == name) return &entry;
  return nullptr;
}

}  // namespace ablate
