#include "harness/run/local_workers.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>

#include "harness/core/problems.h"

namespace ablate {
namespace {

constexpr std::uintmax_t kKeptBytes = 4096;
constexpr int kCannotStart = 127;

std::string tail_of(const std::filesystem::path& log, std::uintmax_t from) {
  std::error_code none;
  const auto size = std::filesystem::file_size(log, none);
  if (none || size <= from) return "";
  std::string text(std::min(size - from, kKeptBytes), '\0');
  std::ifstream in(log, std::ios::binary);
  in.seekg(std::streamoff(size - text.size()));
  in.read(text.data(), std::streamsize(text.size()));
  text.resize(std::size_t(in.gcount()));
  return text;
}

/// What the child does before it becomes the worker; only calls that are safe after fork.
[[noreturn]] void become_worker(pid_t parent, int lock, int null, int log, char* const* arguments) {
  // Dies with the coordinator. If that died before the call, no signal will come: look afterwards.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(kCannotStart);
  // Ctrl-C in a terminal is for the coordinator alone, which passes it on once.
  setpgid(0, 0);
  // A stopped group that loses its parent is hung up on and woken: the signal above is enough.
  signal(SIGHUP, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  fcntl(lock, F_SETFD, 0);
  dup2(null, STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  execv("/proc/self/exe", arguments);
  constexpr char kMessage[] = "the worker could not be started\n";
  (void)!write(STDERR_FILENO, kMessage, sizeof kMessage - 1);
  _exit(kCannotStart);
}

int open_or_throw(const std::filesystem::path& path, int flags) {
  const int file = open(path.c_str(), flags | O_CLOEXEC, 0666);
  if (file < 0) throw Error(fmt::format("{}: cannot be opened: {}", path.string(), std::strerror(errno)));
  return file;
}

}  // namespace

int LocalWorkers::start(const std::string& trajectory, const std::filesystem::path& folder, FolderLock lock) {
  Worker worker{trajectory, folder / "log.txt", 0, std::chrono::steady_clock::now()};
  const int log = open_or_throw(worker.log, O_WRONLY | O_CREAT | O_APPEND);
  worker.log_start = std::filesystem::file_size(worker.log);
  const int null = open_or_throw("/dev/null", O_RDONLY);
  std::string words[] = {"ablate", "worker", folder.string(), "--fd", std::to_string(lock.descriptor())};
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) become_worker(parent, lock.descriptor(), null, log, arguments.data());
  const int error = errno;
  close(null);
  close(log);
  if (child < 0) throw Error(fmt::format("no worker could be started: {}", std::strerror(error)));
  workers_.emplace(child, std::move(worker));
  return child;
}

std::vector<WorkerExit> LocalWorkers::reap() {
  std::vector<WorkerExit> ended;
  for (auto it = workers_.begin(); it != workers_.end();) {
    int status = 0;
    rusage used{};
    if (wait4(it->first, &status, WNOHANG, &used) != it->first) {
      ++it;
      continue;
    }
    const auto& worker = it->second;
    WorkerExit exit;
    exit.trajectory = worker.trajectory;
    exit.status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    exit.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    exit.printed = tail_of(worker.log, worker.log_start);
    exit.peak_bytes = std::int64_t(used.ru_maxrss) * 1024;
    exit.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - worker.started).count();
    ended.push_back(std::move(exit));
    it = workers_.erase(it);
  }
  return ended;
}

void LocalWorkers::signal_all(int signal) const {
  for (const auto& [pid, worker] : workers_) kill(pid, signal);
}

}  // namespace ablate
