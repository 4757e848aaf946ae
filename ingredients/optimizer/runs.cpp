#include "ingredients/optimizer/runs.h"

namespace ablate::ingredients {

std::vector<Run> segment_runs(const ParameterSet& set) {
  const auto factor = [](const std::vector<double>& factors, std::size_t i) {
    return factors.empty() ? 1.0 : factors.at(i);
  };
  std::vector<Run> runs;
  for (std::size_t i = 0; i < set.segments->size(); ++i) {
    const auto& segment = (*set.segments)[i];
    runs.push_back({segment.offset, segment.length, factor(set.lr_scale, i), factor(set.decay_scale, i)});
  }
  return runs;
}

std::vector<Run> joined(const std::vector<Run>& runs) {
  std::vector<Run> fewer;
  for (const auto& next : runs) {
    auto* last = fewer.empty() ? nullptr : &fewer.back();
    if (last && last->lr_scale == next.lr_scale && last->decay_scale == next.decay_scale &&
        last->offset + last->length == next.offset)
      last->length += next.length;
    else
      fewer.push_back(next);
  }
  return fewer;
}

std::vector<Run> runs_of(const ParameterSet& set) {
  return joined(segment_runs(set));
}

}  // namespace ablate::ingredients
