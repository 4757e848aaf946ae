#include "harness/core/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "harness/core/problems.h"

namespace ablate {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

[[noreturn]] void fail(const char* what, const fs::path& path) {
  throw Error(fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(errno)));
}

/// Closes on every way out.
struct Descriptor {
  int number;
  explicit Descriptor(int n) : number(n) {}
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
};

/// False with errno set when the system refuses.
bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// Makes a new name in the folder of `path` last through a power cut.
void sync_folder(const fs::path& path) {
  const auto folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.number < 0) fail("open", folder);
  if (::fsync(opened.number) != 0 && errno != EINVAL)
    fail("sync", folder);  // EINVAL: a file system without it
}

json parse_line(std::string_view line) {
  return json::parse(line, nullptr, false);
}

/// How many bytes of the text are lines that were written to their end.
std::size_t whole_bytes(std::string_view text) {
  const auto end = text.rfind('\n');
  if (end == std::string_view::npos) return 0;
  const auto before = end == 0 ? std::string_view::npos : text.rfind('\n', end - 1);
  const auto start = before == std::string_view::npos ? 0 : before + 1;
  // After a power cut the last line may have its end but not its middle.
  return parse_line(text.substr(start, end - start)).is_object() ? end + 1 : start;
}

}  // namespace

Journal::Journal(const fs::path& path) {
  const bool fresh = !fs::exists(path);
  const auto whole = fresh ? 0 : whole_bytes(read_file(path));
  file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file_ < 0) fail("open", path);
  try {
    if (!fresh && ::ftruncate(file_, static_cast<off_t>(whole)) != 0) fail("cut a torn line off", path);
    if (fresh) sync_folder(path);
  } catch (...) {
    ::close(file_);
    throw;
  }
}

Journal::~Journal() {
  ::close(file_);
}

void Journal::append(const json& line) {
  // What a program printed may be no UTF-8: such bytes are replaced rather than losing the line.
  const auto text = line.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
  if (!write_all(file_, text))
    throw Error(fmt::format("cannot write to a journal: {}", std::strerror(errno)));
}

void Journal::sync() {
  if (::fsync(file_) != 0) throw Error(fmt::format("cannot sync a journal: {}", std::strerror(errno)));
}

std::vector<json> read_journal(const fs::path& path) {
  std::vector<json> lines;
  if (!fs::exists(path)) return lines;
  const auto bytes = read_file(path);
  std::string_view text(bytes);
  text = text.substr(0, whole_bytes(text));
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(parse_line(text.substr(0, end)));
    if (!lines.back().is_object())
      throw Error(fmt::format("{}:{}: not a line of a journal; it was damaged after it was written",
                              path.string(), lines.size()));
    text.remove_prefix(end + 1);
  }
  return lines;
}

void write_file(const fs::path& path, const std::string& content) {
  auto beside = path;
  beside += fmt::format(".{}.tmp", ::getpid());
  try {
    const Descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (file.number < 0 || !write_all(file.number, content) || ::fsync(file.number) != 0)
      fail("write", beside);
    if (::rename(beside.c_str(), path.c_str()) != 0) fail("replace", path);
  } catch (...) {
    ::unlink(beside.c_str());
    throw;
  }
  sync_folder(path);
}

std::string read_file(const fs::path& path) {
  std::error_code status;
  if (fs::is_directory(path, status))
    throw Error(fmt::format("cannot read {}: it is a folder", path.string()));
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) fail("read", path);
  std::ostringstream content;
  if (file.peek() != std::ifstream::traits_type::eof()) content << file.rdbuf();
  if (file.bad() || !content) fail("read", path);
  return std::move(content).str();
}

json finite_or_text(double value) {
  if (std::isfinite(value)) return value;
  if (std::isnan(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}

double number_from(const json& value) {
  constexpr auto infinity = std::numeric_limits<double>::infinity();
  if (value.is_number()) return value.get<double>();
  if (value == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (value == "inf") return infinity;
  if (value == "-inf") return -infinity;
  throw Error(fmt::format("expected a number, found {}", value.dump()));
}

}  // namespace ablate
