#pragma once

#include <optional>

#include "tests/ingredients/support.h"

namespace ablate::test {

/// What a schedule asks for at a step of the training, counted from 0.
inline Rates rates_at(Ingredient& schedule, int step, int epochs, int steps_per_epoch) {
  Rates rates;
  schedule.schedule(rates, {step / steps_per_epoch, step % steps_per_epoch, epochs, steps_per_epoch});
  return rates;
}

/// Tells an ingredient that an epoch, counted from 0, is over.
inline void end_epoch(Ingredient& ingredient, int epoch, const std::optional<Validation>& validation) {
  FakeStudent student{Weights{}};
  EpochEnd end{{.epoch = epoch, .epochs = 100, .steps_per_epoch = 1}, validation, student, {}};
  ingredient.after_epoch(end);
}

}  // namespace ablate::test
