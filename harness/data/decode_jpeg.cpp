#include <csetjmp>
#include <cstdio>  // jpeglib.h needs FILE

#include <jpeglib.h>

#include "harness/core/problems.h"
#include "harness/data/decoders.h"

namespace ablate {
namespace {

/// A decoder whose errors and warnings end in a jump back to whoever called setjmp: C++ exceptions must not
/// cross libjpeg's C frames. No object with a destructor may live in a function that calls setjmp or is
/// jumped over.
struct JpegReader {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  std::jmp_buf failed{};
  char message[JMSG_LENGTH_MAX] = "";

  JpegReader() {
    info.err = jpeg_std_error(&errors);
    info.client_data = this;
    errors.error_exit = [](j_common_ptr common) { fail(common); };
    // A negative level is a warning: the data is damaged and libjpeg would go on with made-up pixels.
    errors.emit_message = [](j_common_ptr common, int level) {
      if (level < 0) fail(common);
    };
  }
  ~JpegReader() { jpeg_destroy_decompress(&info); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  [[noreturn]] static void fail(j_common_ptr common) {
    auto* reader = static_cast<JpegReader*>(common->client_data);
    (*common->err->format_message)(common, reader->message);
    std::longjmp(reader->failed, 1);
  }
};

bool read_jpeg_header(JpegReader& reader, std::string_view bytes) {
  if (setjmp(reader.failed)) return false;
  jpeg_create_decompress(&reader.info);
  jpeg_mem_src(&reader.info, reinterpret_cast<const unsigned char*>(bytes.data()),
               static_cast<unsigned long>(bytes.size()));
  jpeg_read_header(&reader.info, TRUE);
  const bool four =
      reader.info.num_components == 4;  // CMYK or YCCK, which libjpeg turns into CMYK but not further
  reader.info.out_color_space = four ? JCS_CMYK : JCS_RGB;
  return true;
}

/// Fills height x width x channels bytes.
bool read_jpeg_rows(JpegReader& reader, std::uint8_t* pixels) {
  if (setjmp(reader.failed)) return false;
  jpeg_start_decompress(&reader.info);
  const std::size_t stride = std::size_t(reader.info.output_width) * reader.info.output_components;
  while (reader.info.output_scanline < reader.info.output_height) {
    JSAMPROW row = pixels + reader.info.output_scanline * stride;
    jpeg_read_scanlines(&reader.info, &row, 1);
  }
  jpeg_finish_decompress(&reader.info);
  return true;
}

/// Adobe's programs store CMYK inverted, and mark such files.
void cmyk_to_rgb(const std::vector<std::uint8_t>& cmyk, bool inverted, std::vector<std::uint8_t>& rgb) {
  const auto light = [inverted](std::uint8_t ink) { return inverted ? ink : 255 - ink; };
  for (std::size_t i = 0; i < rgb.size() / 3; ++i)
    for (std::size_t c = 0; c < 3; ++c)
      rgb[3 * i + c] = std::uint8_t((light(cmyk[4 * i + c]) * light(cmyk[4 * i + 3]) + 127) / 255);
}

}  // namespace

Image decode_jpeg(std::string_view bytes) {
  JpegReader reader;
  if (!read_jpeg_header(reader, bytes)) throw Error(reader.message);
  check_dimensions(reader.info.image_height, reader.info.image_width);
  Image image{.height = int(reader.info.image_height), .width = int(reader.info.image_width)};
  const std::size_t area = std::size_t(image.height) * image.width;
  image.pixels.resize(3 * area);
  std::vector<std::uint8_t> cmyk(reader.info.out_color_space == JCS_CMYK ? 4 * area : 0);
  if (!read_jpeg_rows(reader, cmyk.empty() ? image.pixels.data() : cmyk.data())) throw Error(reader.message);
  if (!cmyk.empty()) cmyk_to_rgb(cmyk, reader.info.saw_Adobe_marker, image.pixels);
  return image;
}

}  // namespace ablate
