#include "harness/run/lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "harness/core/problems.h"

namespace ablate {
namespace {

std::filesystem::path lock_file(const std::filesystem::path& folder) {
  return folder / "lock";
}

/// State letter and start time of a process; nothing when there is none.
std::optional<std::pair<char, std::uint64_t>> process_facts(int pid) {
  std::ifstream in(fmt::format("/proc/{}/stat", pid));
  std::string line;
  if (!std::getline(in, line)) return std::nullopt;
  // The second field is the program's name in parentheses and may hold anything; the third follows the last
  // one.
  const auto end = line.rfind(')');
  if (end == std::string::npos) return std::nullopt;
  std::istringstream rest(line.substr(end + 1));
  std::string state, skipped;
  rest >> state;
  for (int field = 4; field < 22; ++field) rest >> skipped;
  std::uint64_t started = 0;
  if (!(rest >> started) || state.empty()) return std::nullopt;
  return std::pair{state[0], started};
}

ProcessId identify(int pid) {
  const auto facts = process_facts(pid);
  return {pid, facts ? facts->second : 0};
}

/// A handle that stays with the process even if its number is given out again.
class ProcessHandle {
 public:
  explicit ProcessHandle(int pid) : file_(int(syscall(SYS_pidfd_open, pid, 0))) {}
  ~ProcessHandle() {
    if (file_ >= 0) close(file_);
  }
  ProcessHandle(const ProcessHandle&) = delete;
  ProcessHandle& operator=(const ProcessHandle&) = delete;
  bool send(int signal) const {
    return file_ >= 0 && syscall(SYS_pidfd_send_signal, file_, signal, nullptr, 0) == 0;
  }

 private:
  int file_;
};

}  // namespace

ProcessId this_process() {
  return identify(int(getpid()));
}

bool alive(const ProcessId& process) {
  const auto facts = process.pid > 0 ? process_facts(process.pid) : std::nullopt;
  return facts && facts->second == process.started && facts->first != 'Z' && facts->first != 'X';
}

bool send_signal(const ProcessId& process, int signal) {
  const ProcessHandle handle(process.pid);
  return alive(process) && handle.send(signal);
}

std::optional<FolderLock> FolderLock::try_take(const std::filesystem::path& folder) {
  const auto path = lock_file(folder);
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) throw Error(fmt::format("{}: cannot be opened: {}", path.string(), std::strerror(errno)));
  FolderLock lock(file);
  // `status` tries the lock for an instant, so being refused once does not mean that somebody works here.
  for (int attempt = 0; attempt < 3; ++attempt) {
    if (flock(file, LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno != EWOULDBLOCK)
      throw Error(fmt::format("{}: cannot be locked: {}", path.string(), std::strerror(errno)));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return std::nullopt;
}

FolderLock FolderLock::adopt(int descriptor) {
  if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0)
    throw Error(fmt::format("descriptor {} is no open file: {}", descriptor, std::strerror(errno)));
  return FolderLock(descriptor);
}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

FolderLock::~FolderLock() {
  if (file_ >= 0) close(file_);
}

void FolderLock::sign() const {
  const auto self = this_process(), parent = identify(int(getppid()));
  const nlohmann::json holder{{"host", host_name()},
                              {"pid", self.pid},
                              {"started", self.started},
                              {"parent", parent.pid},
                              {"parent_started", parent.started}};
  const auto text = holder.dump() + "\n";
  if (ftruncate(file_, 0) != 0 || pwrite(file_, text.data(), text.size(), 0) != ssize_t(text.size()))
    throw Error(fmt::format("the lock file cannot be written: {}", std::strerror(errno)));
}

void FolderLock::touch() const {
  futimens(file_, nullptr);
}

bool is_locked(const std::filesystem::path& folder) {
  const int file = open(lock_file(folder).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool held = flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(file);
  return held;
}

std::optional<LockHolder> lock_holder(const std::filesystem::path& folder) {
  std::ifstream in(lock_file(folder));
  std::string line;
  if (!std::getline(in, line)) return std::nullopt;
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  LockHolder holder;
  holder.host = json.value("host", "");
  holder.process = {json.value("pid", 0), json.value("started", std::uint64_t(0))};
  holder.parent = {json.value("parent", 0), json.value("parent_started", std::uint64_t(0))};
  return holder;
}

double lock_age(const std::filesystem::path& folder) {
  struct stat facts {};
  if (stat(lock_file(folder).c_str(), &facts) != 0) return 0;
  const auto touched =
      std::chrono::seconds(facts.st_mtim.tv_sec) + std::chrono::nanoseconds(facts.st_mtim.tv_nsec);
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch() - touched).count();
}

std::string host_name() {
  char name[256] = "unknown";
  gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace ablate
