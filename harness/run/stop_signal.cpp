#include "harness/run/stop_signal.h"

#include <csignal>
#include <ctime>

#include <pthread.h>
#include <unistd.h>

#include "harness/run/exit_status.h"

namespace ablate {
namespace {

sigset_t stopping_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

constexpr timespec kBetweenBeats{10, 0};

}  // namespace

StopSignal::StopSignal(std::function<void()> every_so_often) {
  const auto set = stopping_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::thread([this, every_so_often = std::move(every_so_often)] { watch(every_so_often); });
}

StopSignal::~StopSignal() {
  over_ = true;
  pthread_kill(thread_.native_handle(), SIGTERM);
  thread_.join();
}

void StopSignal::watch(const std::function<void()>& every_so_often) {
  const auto set = stopping_signals();
  while (true) {
    const int signal = sigtimedwait(&set, nullptr, &kBetweenBeats);
    if (over_) return;
    if (signal < 0)
      every_so_often();
    else if (raised_.exchange(true))
      _exit(int(ExitStatus::Interrupted));
  }
}

}  // namespace ablate
