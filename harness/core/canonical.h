#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace ablate {

/// The one text of a value that keys are made of: object keys sorted bytewise, integers as integers, reals in
/// the shortest form that reads back to the same double (never mistaken for an integer: 4.0 is "4.0"), no
/// white space, UTF-8 unescaped. Throws Error for NaN and infinities, which have no JSON form.
std::string canonical(const nlohmann::json& value);

/// Shortest text that reads back to the same double; always holds a '.', an 'e', or is inf/nan.
std::string shortest(double value);

/// SHA-256 in 64 lower-case hexadecimal digits.
std::string sha256(std::string_view bytes);

/// SHA-256 fed in pieces.
class Digest {
 public:
  Digest();
  ~Digest();
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  Digest& add(std::string_view bytes);
  /// Ends the digest; nothing may be added afterwards.
  std::string hex();

 private:
  void* context_;  // EVP_MD_CTX, kept out of this header
};

}  // namespace ablate
