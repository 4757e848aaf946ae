#include "harness/data/pack_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "harness/core/problems.h"

namespace ablate {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;

std::string_view raw(const void* data, std::size_t bytes) {
  return {static_cast<const char*>(data), bytes};
}

}  // namespace

std::uint64_t damage_hash(std::string_view bytes) {
  constexpr std::uint64_t kOdd =
      0x9E3779B97F4A7C15;  // 2^64 / golden ratio: any odd constant with mixed bits would do
  std::uint64_t hash = bytes.size() * kOdd;
  for (std::size_t i = 0; i < bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, std::min<std::size_t>(8, bytes.size() - i));
    hash = (hash ^ word) * kOdd;
    hash ^= hash >> 32;
  }
  return hash;
}

PackWriter::PackWriter(const std::filesystem::path& temporary) : temporary_(temporary) {
  file_ = ::open(temporary.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666);
  if (file_ < 0) fail();
  write(raw(PackHeader{}.magic.data(), sizeof(PackHeader::magic)));
  write(std::string(sizeof(PackHeader) - sizeof(PackHeader::magic), '\0'));
}

PackWriter::~PackWriter() {
  if (file_ < 0) return;
  ::close(file_);
  ::unlink(temporary_.c_str());
}

void PackWriter::fail() const {
  throw Error(fmt::format("{}: cannot be written: {}", temporary_.string(), std::strerror(errno)));
}

void PackWriter::write(std::string_view bytes) {
  buffer_ += bytes;
  written_ += bytes.size();
  if (buffer_.size() >= kBufferBytes) flush();
}

void PackWriter::flush() {
  for (std::size_t done = 0; done < buffer_.size();) {
    const ssize_t n = ::write(file_, buffer_.data() + done, buffer_.size() - done);
    if (n < 0 && errno != EINTR) fail();
    if (n > 0) done += std::size_t(n);
  }
  buffer_.clear();
}

void PackWriter::add(PackRecord record, std::string_view path, std::string_view bytes) {
  record.offset = written_;
  record.hash = damage_hash(bytes);
  record.bytes = std::uint32_t(bytes.size());
  record.path_offset = paths_.size();
  record.path_bytes = std::uint32_t(path.size());
  records_.push_back(record);
  paths_ += path;
  write(bytes);
}

void PackWriter::finish(const nlohmann::json& description, const std::filesystem::path& final_path) {
  // File names need not be UTF-8; what is not becomes a question mark in messages.
  const std::string json = description.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  write(std::string((8 - written_ % 8) % 8, '\0'));
  std::string tail(raw(records_.data(), records_.size() * sizeof(PackRecord)));
  tail += paths_;
  tail += json;
  const PackHeader header{.images = std::uint32_t(records_.size()),
                          .tail_offset = written_,
                          .path_bytes = paths_.size(),
                          .json_bytes = json.size(),
                          .tail_hash = damage_hash(tail)};
  write(tail);
  flush();
  if (::pwrite(file_, &header, sizeof header, 0) != ssize_t(sizeof header) || ::fsync(file_) != 0) fail();
  if (::rename(temporary_.c_str(), final_path.c_str()) != 0) fail();
  ::close(file_);
  file_ = -1;
}

}  // namespace ablate
