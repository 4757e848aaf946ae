#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ingredients/catalogue.h"

namespace ablate::ingredients {

/// The epochs in which an ingredient acts: Params derive from it, and add_window declares it.
struct Window {
  int start_epoch = 0;
  std::optional<int> end_epoch;

  bool holds(int epoch) const { return epoch >= start_epoch && (!end_epoch || epoch < *end_epoch); }
};

template <class P>
Fields<P>& add_window(Fields<P>& fields) {
  return fields
      .add("start_epoch", static_cast<int P::*>(&Window::start_epoch), at_least(0),
           "first epoch (from 0) in which it acts", "0: from the start")
      .add("end_epoch", static_cast<std::optional<int> P::*>(&Window::end_epoch), at_least(1),
           "first epoch in which it acts no more; null: to the end",
           "timm `mixup_off_epoch`, off by default");
}

/// Why the window of these settings holds no epoch of this training.
inline std::vector<std::string> window_refusals(const nlohmann::json& settings, const RecipeView& recipe) {
  const int start = settings.value("start_epoch", 0);
  if (start >= recipe.epochs)
    return {"start_epoch " + std::to_string(start) + " lies behind the last of " +
            std::to_string(recipe.epochs) + " epochs: it would never act; start earlier or train longer"};
  const auto end = settings.find("end_epoch");
  if (end != settings.end() && !end->is_null() && end->get<int>() <= start)
    return {"end_epoch " + end->dump() + " is not behind start_epoch " + std::to_string(start) +
            ": it would never act"};
  return {};
}

}  // namespace ablate::ingredients
