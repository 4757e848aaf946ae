#include "ingredients/optimizer/runs.h"

namespace ablate::ingredients {

std::vector<Run> runs_of(const ParameterSet& set) {
  const auto factor = [](const std::vector<double>& factors, std::size_t i) {
    return factors.empty() ? 1.0 : factors.at(i);
  };
  std::vector<Run> runs;
  for (std::size_t i = 0; i < set.segments->size(); ++i) {
    const auto& segment = (*set.segments)[i];
    const Run next{segment.offset, segment.length, factor(set.lr_scale, i), factor(set.decay_scale, i)};
    auto* last = runs.empty() ? nullptr : &runs.back();
    if (last && last->lr_scale == next.lr_scale && last->decay_scale == next.decay_scale)
      last->length = next.offset + next.length - last->offset;
    else
      runs.push_back(next);
  }
  return runs;
}

}  // namespace ablate::ingredients
