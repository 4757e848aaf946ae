#pragma once

#include <vector>

#include "harness/kernels/convolution.h"
#include "harness/kernels/sides.h"

namespace ablate::kernels {

/// How sums over the pixels of an input become the moments of a kernel's taps. With x' the input less its
/// centre, zero beyond the border, the pixels are taken in classes:
///  - products [row class, column class, kernel height, 2 kernel width - 1]: of x' at a pixel and x' at one
///    that lies up to kernel - 1 rows below, and columns to either side (its place in the middle is the pixel
///    itself); classes by which taps see a pixel;
///  - sums [row class, column class]: of x'; classes by where all neighbours of that distance lie, too.
struct TapCells {
  explicit TapCells(const Depthwise& shape);

  int taps() const { return kernel_height * kernel_width; }
  int reach() const { return 2 * kernel_width - 1; }  // columns of a product
  int products() const { return rows.classes() * products_of_a_row(); }
  int products_of_a_row() const { return columns.classes() * kernel_height * reach(); }
  int sums() const { return far_rows.classes() * far_columns.classes(); }

  int kernel_height, kernel_width;
  Side rows, columns, far_rows, far_columns;

  /// Tap t over all outputs: the cells of sums it sees, and how many outputs of an image see nothing there.
  struct First {
    std::vector<int> sums;
    double outside;
  };
  std::vector<First> first;  // [taps]

  /// Taps t and u, t not after u: cells of products; cells of sums where only one of them is inside; outputs
  /// of an image where neither is.
  struct Second {
    int t, u;
    std::vector<int> products, alone;
    double outside;
  };
  std::vector<Second> second;  // [taps (taps + 1) / 2]

 private:
  void add_alone(int t, int u, std::vector<int>& cells) const;
  int outputs(int t, int u) const;
};

}  // namespace ablate::kernels
