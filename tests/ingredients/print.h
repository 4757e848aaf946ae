#pragma once

#include <ostream>

#include "ingredients/catalogue.h"

namespace ablate {

/// What GoogleTest calls an entry, in place of its bytes.
inline void PrintTo(const IngredientEntry& entry, std::ostream* out) { *out << entry.name; }

}  // namespace ablate
