#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

/// How the values of a map are stored. Maps, that is raw convolution outputs and gradients of maps, are
/// float32 or bfloat16; everything else (weights and their gradients, BatchNorm's factors and statistics,
/// sums) is float32 or double whatever the maps are.
///
/// A kernel names a map by a pointer that knows its type and converts from float* and BFloat16*. Values
/// become float32 vectors as they are loaded and are rounded to nearest even as they are stored; statistics
/// are taken before that. Where the arithmetic between is long (rows of a depthwise convolution, tiles of an
/// elementwise kernel) the type is looked at for each stretch; the products of matrices, whose loops are
/// short, are templates over it, and their entry points choose. A map and its gradient are of one type, as
/// are d's dz and y. A pointwise convolution from bfloat16 to bfloat16 multiplies bfloat16 numbers, its
/// operands rounded as they are read, and sums in float32; every other operation multiplies float32.
namespace ablate::kernels {

enum class Type : std::uint8_t { Float32, BFloat16 };

/// The upper half of a float.
struct BFloat16 {
  std::uint16_t bits = 0;
};

/// Rounded to nearest even; NaN stays NaN.
constexpr BFloat16 as_bfloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (value != value) return {static_cast<std::uint16_t>(bits >> 16 | 0x40)};
  return {static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}
constexpr float as_float(BFloat16 value) {
  return std::bit_cast<float>(std::uint32_t(value.bits) << 16);
}

template <class T>
inline constexpr Type kTypeOf = Type::Float32;
template <>
inline constexpr Type kTypeOf<BFloat16> = Type::BFloat16;

constexpr std::int64_t bytes_of(Type type) {
  return type == Type::Float32 ? 4 : 2;
}

/// Points at values of either type; Byte is const for values that are only read. Steps in values.
template <class Byte>
class ValuePointer {
 public:
  constexpr ValuePointer() = default;
  constexpr ValuePointer(std::nullptr_t) {}
  ValuePointer(Byte* at, Type type) : at_(at), type_(type) {}
  template <class T>
  requires(std::is_same_v<std::remove_const_t<T>, float> || std::is_same_v<std::remove_const_t<T>, BFloat16>)
      ValuePointer(T* at)
      : at_(reinterpret_cast<Byte*>(at)), type_(kTypeOf<std::remove_const_t<T>>) {}
  operator ValuePointer<const std::byte>() const requires(!std::is_const_v<Byte>) { return {at_, type_}; }

  Type type() const { return type_; }
  Byte* bytes() const { return at_; }
  explicit operator bool() const { return at_ != nullptr; }

  /// The values as T, which must be their type.
  template <class T>
  auto as() const {
    using Pointed = std::conditional_t<std::is_const_v<Byte>, const T, T>;
    return reinterpret_cast<Pointed*>(at_);
  }
  ValuePointer operator+(std::int64_t values) const { return {at_ + values * bytes_of(type_), type_}; }

 private:
  Byte* at_ = nullptr;
  Type type_ = Type::Float32;
};

using Values = ValuePointer<std::byte>;
using ConstValues = ValuePointer<const std::byte>;

inline bool operator==(const ConstValues& a, const ConstValues& b) {
  return a.bytes() == b.bytes();
}

}  // namespace ablate::kernels
