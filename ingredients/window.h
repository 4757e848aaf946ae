#pragma once

#include "ingredients/catalogue.h"

namespace ablate {

/// Gives an ingredient the parameter `active`, the share of training in which it acts (by default the entry's
/// `window`): whole epochs, the first of them round(from x epochs), the first that is not round(to x epochs).
/// Outside, its hooks of epochs and steps are not called; what it averaged, masks at delivery and counted
/// stands. An entry with `no_window` is returned as it is.
IngredientEntry with_window(IngredientEntry entry);

}  // namespace ablate
