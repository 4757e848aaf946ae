#include <fmt/format.h>

#include <cstring>

#include "harness/core/problems.h"
#include "harness/data/mapped_file.h"
#include "harness/data/pack.h"
#include "harness/data/pack_format.h"

namespace ablate {
namespace {

class MappedPack final : public PackedData {
 public:
  explicit MappedPack(const std::filesystem::path& path) : path_(path), file_(path) {
    check_header();
    const auto tail = file_.bytes().substr(header_.tail_offset);
    if (damage_hash(tail) != header_.tail_hash) damaged("its index is not what was written");
    records_ = reinterpret_cast<const PackRecord*>(tail.data());
    const std::size_t record_bytes = header_.images * sizeof(PackRecord);
    paths_ = tail.substr(record_bytes, header_.path_bytes);
    const auto description = nlohmann::json::parse(tail.substr(record_bytes + header_.path_bytes));
    fingerprint_ = description.at("fingerprint");
    classes_ = description.at("classes").get<std::vector<std::string>>();
    messages_ = description.at("messages").get<std::vector<std::string>>();
  }

  const std::string& fingerprint() const override { return fingerprint_; }
  const std::vector<std::string>& classes() const override { return classes_; }
  std::size_t size() const override { return header_.images; }
  Split split(std::size_t index) const override { return record(index).test ? Split::Test : Split::Train; }
  int label(std::size_t index) const override { return record(index).label; }
  std::string_view path(std::size_t index) const override {
    return paths_.substr(record(index).path_offset, record(index).path_bytes);
  }
  std::size_t skipped() const override { return messages_.size(); }
  const std::vector<std::string>& messages() const override { return messages_; }

  Image image(std::size_t index) const override {
    const PackRecord& r = record(index);
    const auto bytes = file_.bytes().substr(r.offset, r.bytes);
    if (damage_hash(bytes) != r.hash)
      damaged(fmt::format("the bytes of {} are not those written", path(index)));
    if (r.height == 0) return decode_image(bytes);
    const auto* pixels = reinterpret_cast<const std::uint8_t*>(bytes.data());
    return {.height = r.height, .width = r.width, .pixels = {pixels, pixels + bytes.size()}};
  }

 private:
  [[noreturn]] void damaged(const std::string& why) const {
    throw Error(fmt::format("{}: damaged pack: {}; delete the file and it is made anew from the data set",
                            path_.string(), why));
  }

  void check_header() {
    const auto bytes = file_.bytes();
    if (bytes.size() < sizeof header_) damaged("it is shorter than its header");
    std::memcpy(&header_, bytes.data(), sizeof header_);
    if (header_.magic != kPackMagic) damaged("it does not begin as a pack does");
    if (header_.version != kPackVersion)
      damaged(fmt::format("its version is {}, this program reads {}", header_.version, kPackVersion));
    const std::uint64_t tail = header_.images * sizeof(PackRecord) + header_.path_bytes + header_.json_bytes;
    if (header_.tail_offset % 8 != 0 || header_.tail_offset > bytes.size() ||
        bytes.size() - header_.tail_offset != tail)
      damaged(fmt::format("its length is {}, its header says otherwise", bytes.size()));
  }

  const PackRecord& record(std::size_t index) const { return records_[index]; }

  std::filesystem::path path_;
  MappedFile file_;
  PackHeader header_;
  const PackRecord* records_ = nullptr;
  std::string_view paths_;
  std::string fingerprint_;
  std::vector<std::string> classes_, messages_;
};

}  // namespace

std::unique_ptr<PackedData> PackedData::open(const std::filesystem::path& path) {
  return std::make_unique<MappedPack>(path);
}

}  // namespace ablate
