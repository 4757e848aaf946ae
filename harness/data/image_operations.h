#pragma once

#include <array>

#include "harness/data/image.h"

namespace ablate {

// Cutting, mirroring and resizing (image_operations.cpp, resize.cpp).

/// What stands outside an image: black, or the image mirrored without repeating its border.
enum class Border { Black, Reflect };

/// Pads all four sides by `padding`, then keeps the window of the old size whose corner is at (top, left) of
/// the padded image; 0 <= top, left <= 2 * padding. A reflection needs padding < height and width.
void pad_crop(Image& image, int padding, int top, int left, Border border = Border::Black);

/// Left becomes right.
void flip_horizontal(Image& image);

/// The box of that size at (top, left), which must lie inside.
Image cropped(const Image& image, int top, int left, int height, int width);

/// The kernel of a resize: a triangle, the cubic with a = -0.5 (Keys 1981), or the mean of a pixel's box.
enum class Filter { Triangle, Cubic, Box };

/// Antialiased resize by a filter whose support grows with the reduction: horizontal pass, rounded to bytes,
/// then vertical pass, as Pillow's BILINEAR, BICUBIC and BOX.
Image resized(const Image& image, int height, int width, Filter filter = Filter::Triangle);

/// The box at (top, left) of the image resized to full_height x full_width, without making the rest.
Image resized_window(const Image& image, int full_height, int full_width, int top, int left, int height,
                     int width, Filter filter = Filter::Triangle);

/// What evaluation sees: an image that is size x size as it is; otherwise the shorter side is resized to
/// floor(size / crop), the other in proportion, and the centre is cut out.
void fit(Image& image, int size, double crop);

// Tables: every byte becomes another by itself, as Pillow's ImageOps do (image_tables.cpp).

/// Stretches each channel to 0..255; a channel of one value stays.
void autocontrast(Image& image);
/// Flattens the histogram of each channel.
void equalize(Image& image);
void invert(Image& image);
/// Keeps the top `bits` of each byte: 0 is black, 8 and more change nothing.
void posterize(Image& image, int bits);
/// Inverts bytes of `threshold` and more.
void solarize(Image& image, double threshold);
/// Adds to bytes below 128, up to 255.
void solarize_add(Image& image, int addend);

// Blends d + factor (v - d) of every byte v with a plainer image d, as Pillow's ImageEnhance
// (image_blends.cpp). At 0 they show the plainer image, at 1 they change nothing, above 1 they exaggerate.

/// d is grey, pixel by pixel.
void adjust_color(Image& image, double factor);
/// d is the mean grey of the image.
void adjust_contrast(Image& image, double factor);
/// d is black.
void adjust_brightness(Image& image, double factor);
/// d is smoothed; the border stays as it is.
void adjust_sharpness(Image& image, double factor);

/// Turns the hue of every pixel by that share of the circle, through HSV in bytes as Pillow converts them
/// (image_hue.cpp).
void turn_hue(Image& image, double turns);

// Geometry: where each pixel comes from, as Pillow's Image.transform (image_geometry.cpp).

enum class Interpolation { Nearest, Bilinear, Bicubic };

/// How pixels between pixels are made, and the colour of what lies outside.
struct Sampling {
  Interpolation interpolation = Interpolation::Nearest;
  std::array<std::uint8_t, 3> fill{};
};

/// The pixel at (x, y) comes from (x + factor y, y).
void shear_x(Image& image, double factor, const Sampling& sampling);
/// The pixel at (x, y) comes from (x, y + factor x).
void shear_y(Image& image, double factor, const Sampling& sampling);
/// The pixel at x comes from x + pixels: the content moves left for positive ones.
void translate_x(Image& image, double pixels, const Sampling& sampling);
/// The pixel at y comes from y + pixels: the content moves up for positive ones.
void translate_y(Image& image, double pixels, const Sampling& sampling);
/// About the centre, counter-clockwise; square images by multiples of 90 degrees exactly.
void rotate(Image& image, double degrees, const Sampling& sampling);

}  // namespace ablate
