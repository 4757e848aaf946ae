#pragma once

#include <boost/program_options.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/cli/command.h"

namespace ablate::cli {

namespace po = boost::program_options;

/// The command line cannot be understood: exit status 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The options of one subcommand, declared once: parsing and help come from here.
class CommandLine {
 public:
  /// `usage` is what follows "ablate" ("run FILE [options]").
  CommandLine(std::string usage, std::string doc);

  /// Declares named options: `line.options()("store", po::value<...>(), "...")("json", "...")`.
  po::options_description_easy_init options() { return shown_.add_options(); }
  /// Declares the next argument without a name; at most `count` of them (-1: any number).
  CommandLine& argument(const std::string& name, int count = 1);

  /// Nothing when help was asked for, which is then on stdout. Throws UsageError.
  std::optional<po::variables_map> parse(const Arguments& arguments) const;

 private:
  std::string usage_, doc_;
  po::options_description shown_{"Options"};
  po::options_description unnamed_;
  po::positional_options_description order_;
};

/// The argument of that name. Throws UsageError when it was not given.
std::string required(const po::variables_map& values, const std::string& name);
/// The option or argument, or `fallback` when it was not given.
std::string text_of(const po::variables_map& values, const std::string& name,
                    const std::string& fallback = "");
/// The words of a list that has commas between them; none of an empty text.
std::vector<std::string> listed(const std::string& text);
std::vector<std::string> all_of(const po::variables_map& values, const std::string& name);

/// The statuses that every program run from a script may ask about.
std::string exit_status_help();

}  // namespace ablate::cli
