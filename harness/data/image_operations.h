#pragma once

#include "harness/data/image.h"

namespace ablate {

/// What stands outside an image: black, or the image mirrored without repeating its border.
enum class Border { Black, Reflect };

/// Pads all four sides by `padding`, then keeps the window of the old size whose corner is at (top, left) of
/// the padded image; 0 <= top, left <= 2 * padding. A reflection needs padding < height and width.
void pad_crop(Image& image, int padding, int top, int left, Border border = Border::Black);

/// Left becomes right.
void flip_horizontal(Image& image);

/// The box of that size at (top, left), which must lie inside.
Image cropped(const Image& image, int top, int left, int height, int width);

/// Antialiased resize by a triangle filter whose support grows with the reduction: horizontal pass, rounded
/// to bytes, then vertical pass, as Pillow's BILINEAR.
Image resized(const Image& image, int height, int width);

/// The box at (top, left) of the image resized to full_height x full_width, without making the rest.
Image resized_window(const Image& image, int full_height, int full_width, int top, int left, int height,
                     int width);

/// What evaluation sees: an image that is size x size as it is; otherwise the shorter side is resized to
/// floor(size / crop), the other in proportion, and the centre is cut out.
void fit(Image& image, int size, double crop);

}  // namespace ablate
