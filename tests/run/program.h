#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace ablate::testing_support {

/// What a program left behind. A signal counts as 128 + its number.
struct Finished {
  int status = 0;
  std::string out, err;
};

/// The program under test, started as people start it. Killed, if it still runs, when this object goes.
class Program {
 public:
  explicit Program(const std::vector<std::string>& arguments);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int signal) const;
  Finished wait();

 private:
  pid_t pid_ = -1;
  std::filesystem::path out_, err_;
};

/// Starts it and waits for its end.
Finished run_ablate(const std::vector<std::string>& arguments);

/// A folder that is gone when the test is over.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return root_ / name; }
  /// Writes a file and returns its path.
  std::string file(const std::string& name, const std::string& text) const;

 private:
  std::filesystem::path root_;
};

/// Asks every few milliseconds until it holds; false when it does not within a minute.
bool eventually(const std::function<bool()>& holds);

}  // namespace ablate::testing_support
