#include <spng.h>

#include <memory>
#include <string>

#include "harness/core/problems.h"
#include "harness/data/decoders.h"

namespace ablate {
namespace {

void check_png(int result) {
  if (result != SPNG_OK) throw Error(std::string("damaged PNG: ") + spng_strerror(result));
}

}  // namespace

Image decode_png(std::string_view bytes) {
  const std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> png(spng_ctx_new(0), spng_ctx_free);
  if (!png) throw Error("out of memory");
  constexpr std::size_t kMostChunkBytes = 64 << 20;  // of texts and profiles, compressed ones above all
  check_png(spng_set_chunk_limits(png.get(), kMostChunkBytes, kMostChunkBytes));
  check_png(spng_set_png_buffer(png.get(), bytes.data(), bytes.size()));
  spng_ihdr header{};
  check_png(spng_get_ihdr(png.get(), &header));
  check_dimensions(header.height, header.width);
  Image image{.height = int(header.height), .width = int(header.width)};
  image.pixels.resize(3 * std::size_t(image.height) * image.width);
  check_png(spng_decode_image(png.get(), image.pixels.data(), image.pixels.size(), SPNG_FMT_RGB8, 0));
  check_png(
      spng_decode_chunks(png.get()));  // up to the end: a file that stops after its pixels is damaged too
  return image;
}

}  // namespace ablate
