#pragma once

#include <string>

#include "harness/core/random.h"

namespace ablate {

/// What the pictures of `synthetic` look like.
struct DrawingStyle {
  int size = 16;
  double difficulty = 0.5;  // 0..1: noise, clutter, low contrast and the range of poses
};

/// How many kinds of picture there are.
int drawing_kinds();
/// "ring", "striped ring", ...
std::string drawing_name(int kind);

/// A picture of that kind, size x size x 3 bytes: a shape with a fill, of random place, size, turn and
/// colour, before a gradient with clutter and noise. Integer arithmetic throughout, so the bytes are the same
/// on every machine.
std::string draw_picture(int kind, const DrawingStyle& style, Draw draw);

}  // namespace ablate
