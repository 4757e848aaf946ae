#include "harness/kernels/tap_cells.h"

namespace ablate::kernels {

TapCells::TapCells(const Depthwise& s)
    : kernel_height(s.kernel_height),
      kernel_width(s.kernel_width),
      rows(s.height, s.kernel_height, s.kernel_height / 2),
      columns(s.width, s.kernel_width, s.kernel_width / 2),
      far_rows(s.height, s.kernel_height, s.kernel_height - 1),
      far_columns(s.width, s.kernel_width, s.kernel_width - 1) {
  const int all = s.height * s.width;
  for (int t = 0; t < taps(); ++t) {
    First one{.sums = {}, .outside = double(all - outputs(t, t))};
    for (int r = 0; r < far_rows.classes(); ++r)
      for (int c = 0; c < far_columns.classes(); ++c)
        if (far_rows.sees(t / kernel_width, r) && far_columns.sees(t % kernel_width, c))
          one.sums.push_back(r * far_columns.classes() + c);
    first.push_back(one);
  }
  for (int t = 0; t < taps(); ++t)
    for (int u = t; u < taps(); ++u) {
      const int down = u / kernel_width - t / kernel_width, right = u % kernel_width - t % kernel_width;
      const double outside = all - outputs(t, t) - outputs(u, u) + outputs(t, u);
      Second pair{.t = t, .u = u, .products = {}, .alone = {}, .outside = outside};
      for (int r = 0; r < rows.classes(); ++r)
        for (int c = 0; c < columns.classes(); ++c)
          if (rows.sees(t / kernel_width, r) && columns.sees(t % kernel_width, c))
            pair.products.push_back(((r * columns.classes() + c) * kernel_height + down) * reach() + right +
                                    kernel_width - 1);
      add_alone(t, u, pair.alone);
      add_alone(u, t, pair.alone);
      second.push_back(pair);
    }
}

/// The cells of sums that tap t sees while u is outside.
void TapCells::add_alone(int t, int u, std::vector<int>& cells) const {
  const int down = u / kernel_width - t / kernel_width, right = u % kernel_width - t % kernel_width;
  for (int r = 0; r < far_rows.classes(); ++r)
    for (int c = 0; c < far_columns.classes(); ++c)
      if (far_rows.sees(t / kernel_width, r) && far_columns.sees(t % kernel_width, c) &&
          !(far_rows.within(r, down) && far_columns.within(c, right)))
        cells.push_back(r * far_columns.classes() + c);
}

/// Outputs of an image where both taps are inside.
int TapCells::outputs(int t, int u) const {
  return far_rows.outputs(t / kernel_width, u / kernel_width) *
         far_columns.outputs(t % kernel_width, u % kernel_width);
}

}  // namespace ablate::kernels
