#include <csetjmp>
#include <cstdio>  // jpeglib.h needs FILE
#include <cstdlib>

#include <jpeglib.h>

#include "harness/core/problems.h"
#include "harness/data/encoder.h"

namespace ablate {
namespace {

/// An encoder whose errors end in a jump back to whoever called setjmp, for the reasons that decode_jpeg.cpp
/// gives.
struct JpegWriter {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  std::jmp_buf failed{};
  char message[JMSG_LENGTH_MAX] = "";
  unsigned char* bytes = nullptr;
  unsigned long size = 0;

  JpegWriter() {
    info.err = jpeg_std_error(&errors);
    info.client_data = this;
    errors.error_exit = [](j_common_ptr common) {
      auto* writer = static_cast<JpegWriter*>(common->client_data);
      (*common->err->format_message)(common, writer->message);
      std::longjmp(writer->failed, 1);
    };
  }
  ~JpegWriter() {
    jpeg_destroy_compress(&info);
    std::free(bytes);
  }
  JpegWriter(const JpegWriter&) = delete;
  JpegWriter& operator=(const JpegWriter&) = delete;
};

bool write_jpeg(JpegWriter& writer, const Image& image, int quality) {
  if (setjmp(writer.failed)) return false;
  auto& info = writer.info;
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, &writer.bytes, &writer.size);
  info.image_height = JDIMENSION(image.height);
  info.image_width = JDIMENSION(image.width);
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    auto* row = const_cast<JSAMPLE*>(image.at(int(info.next_scanline), 0));  // libjpeg only reads it
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  return true;
}

}  // namespace

std::string encode_jpeg(const Image& image, int quality) {
  JpegWriter writer;
  if (!write_jpeg(writer, image, quality)) throw Error(writer.message);
  return {reinterpret_cast<const char*>(writer.bytes), writer.size};
}

}  // namespace ablate
