#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace ablate {

/// Where something was written: a file with a line and a column, both counted from 1 (0: unknown, only the
/// file counts).
struct Place {
  std::string file;
  int line = 0;
  int column = 0;

  auto operator<=>(const Place&) const = default;
};

/// "file:line:column", shortened to what is known.
std::string to_string(const Place& place);

enum class Severity { Error, Warning };

/// One mistake of the user: where it is, what is wrong, what to do.
struct Problem {
  Severity severity = Severity::Error;
  Place place;
  std::string message;
};

/// Collects every mistake of a file, so that all are reported at once. The same message at the same place
/// counts once.
class Problems {
 public:
  void error(const Place& place, const std::string& message);
  void warn(const Place& place, const std::string& message);

  /// True while no error (warnings are allowed) was reported.
  bool ok() const;
  /// All problems in the order of their places.
  std::vector<Problem> sorted() const;
  /// One line a problem, `file:line:column: message`, warnings marked as such.
  std::string text() const;

 private:
  void add(Problem problem);
  std::vector<Problem> all_;
};

/// The world is not as it should be (a file, the database, the device): ends the work at hand with exit
/// status 1.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The candidate closest to `name` by edit distance, or "" when none is close enough to be meant.
std::string nearest(const std::string& name, const std::vector<std::string>& candidates);

/// " (did you mean 'x'?)" or "".
std::string suggestion(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace ablate
