#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace ablate {

/// A pack, little-endian: a header; the images' bytes one after another; at `tail_offset` one record an
/// image, the paths, and the JSON text {"fingerprint", "classes", "messages"}.
inline constexpr std::array<char, 8> kPackMagic{'a', 'b', 'l', 'p', 'a', 'c', 'k', '\n'};
inline constexpr std::uint32_t kPackVersion = 1;

struct PackHeader {
  std::array<char, 8> magic = kPackMagic;
  std::uint32_t version = kPackVersion;
  std::uint32_t images = 0;
  std::uint64_t tail_offset = 0;  // a multiple of 8
  std::uint64_t path_bytes = 0;
  std::uint64_t json_bytes = 0;
  std::uint64_t tail_hash = 0;  // of records, paths and JSON
};

struct PackRecord {
  std::uint64_t offset = 0;  // of the bytes in the file
  std::uint64_t hash = 0;    // of the bytes
  std::uint64_t path_offset = 0;
  std::uint32_t path_bytes = 0;
  std::uint32_t bytes = 0;
  std::int32_t label = 0;
  std::uint16_t height = 0, width = 0;  // of decoded bytes; 0 when they are encoded
  std::uint32_t test = 0;               // 1: of the test split
  std::uint32_t unused = 0;
};

static_assert(sizeof(PackHeader) == 48 && std::is_trivially_copyable_v<PackHeader>);
static_assert(sizeof(PackRecord) == 48 && std::is_trivially_copyable_v<PackRecord>);

/// A fast 64-bit hash that notices accidental damage (not an attack); fits the speed at which images are
/// handed out.
std::uint64_t damage_hash(std::string_view bytes);

}  // namespace ablate
