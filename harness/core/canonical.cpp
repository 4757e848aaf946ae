#include "harness/core/canonical.h"

#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <nlohmann/json.hpp>

#include "harness/core/problems.h"

namespace ablate {
namespace {

using nlohmann::json;

void append_canonical(const json& value, std::string& text);

void append_object(const json& object, std::string& text) {
  text += '{';
  const char* separator = "";
  for (const auto& [key, value] : object.items()) {  // nlohmann keeps the keys of an object sorted bytewise
    text += separator;
    append_canonical(key, text);
    text += ':';
    append_canonical(value, text);
    separator = ",";
  }
  text += '}';
}

void append_array(const json& array, std::string& text) {
  text += '[';
  const char* separator = "";
  for (const auto& value : array) {
    text += separator;
    append_canonical(value, text);
    separator = ",";
  }
  text += ']';
}

void append_canonical(const json& value, std::string& text) {
  if (value.is_object()) return append_object(value, text);
  if (value.is_array()) return append_array(value, text);
  if (!value.is_number_float()) {
    text += value.dump();
    return;
  }
  if (!std::isfinite(value.get<double>())) throw Error("a number that is not finite has no canonical text");
  text += shortest(value.get<double>());
}

EVP_MD_CTX* evp(void* context) {
  return static_cast<EVP_MD_CTX*>(context);
}

void check(int status) {
  if (status != 1) throw Error("OpenSSL could not compute a SHA-256 digest");
}

}  // namespace

std::string canonical(const json& value) {
  std::string text;
  try {
    append_canonical(value, text);
  } catch (const json::exception& e) {  // a string that is not UTF-8
    throw Error(fmt::format("a value has no canonical text: {}", e.what()));
  }
  return text;
}

std::string shortest(double value) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  std::string text(buffer.data(), end);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

std::string sha256(std::string_view bytes) {
  return Digest().add(bytes).hex();
}

Digest::Digest() : context_(EVP_MD_CTX_new()) {
  if (context_ == nullptr) throw Error("OpenSSL could not make a digest");
  check(EVP_DigestInit_ex(evp(context_), EVP_sha256(), nullptr));
}

Digest::~Digest() {
  EVP_MD_CTX_free(evp(context_));
}

Digest& Digest::add(std::string_view bytes) {
  check(EVP_DigestUpdate(evp(context_), bytes.data(), bytes.size()));
  return *this;
}

std::string Digest::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  check(EVP_DigestFinal_ex(evp(context_), digest.data(), &size));
  std::string text;
  for (unsigned int i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace ablate
