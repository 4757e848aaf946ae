#include "tests/run/program.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace ablate::testing_support {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

fs::path fresh_folder() {
  auto pattern = (fs::temp_directory_path() / "ablate-test-XXXXXX").string();
  if (!mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder");
  return pattern;
}

}  // namespace

Program::Program(const std::vector<std::string>& arguments) {
  const auto folder = fresh_folder();
  out_ = folder / "out";
  err_ = folder / "err";
  std::vector<std::string> words{"ablate"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    dup2(open(out_.c_str(), O_WRONLY | O_CREAT, 0600), STDOUT_FILENO);
    dup2(open(err_.c_str(), O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
    execv(ABLATE_PROGRAM, pointers.data());
    _exit(127);
  }
}

Program::~Program() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  fs::remove_all(out_.parent_path());
}

void Program::signal(int signal) const {
  kill(pid_, signal);
}

Finished Program::wait() {
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return {WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), text_of(out_), text_of(err_)};
}

Finished run_ablate(const std::vector<std::string>& arguments) {
  return Program(arguments).wait();
}

Scratch::Scratch() : root_(fresh_folder()) {}

Scratch::~Scratch() {
  std::error_code busy;
  fs::remove_all(root_, busy);
}

std::string Scratch::file(const std::string& name, const std::string& text) const {
  const auto path = root_ / name;
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
  return path.string();
}

bool eventually(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

}  // namespace ablate::testing_support
