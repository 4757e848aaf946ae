#pragma once

#include <string>
#include <vector>

#include "results/comparison.h"
#include "results/grid.h"

namespace ablate {

struct TitledGrid {
  std::string title;  // "" where the panel's says enough
  Grid grid;
};

/// A panel as one or more grids: a row an arm; or, where it pivots, a column a level of the pivot's factor, a
/// grid a backbone. Groups of backbones stand side by side, at most `side_by_side` of them.
std::vector<TitledGrid> panel_grids(const PanelResult& panel, const Comparison& comparison, bool times,
                                    std::size_t side_by_side);

}  // namespace ablate
