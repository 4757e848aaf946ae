#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>

#include <fmt/format.h>

#include "harness/cli/command.h"
#include "harness/cli/command_line.h"
#include "harness/core/problems.h"
#include "results/ledger.h"

namespace {

using namespace ablate;
using namespace ablate::cli;

void print_help(std::ostream& out) {
  out << "ablate: which training strategies help compact networks, by how much, and how sure are we?\n\n"
         "ablate COMMAND [arguments]; ablate COMMAND --help says more\n\n";
  for (const auto& command : commands())
    if (!command.hidden) out << fmt::format("  {:<10}{}\n", command.name, command.doc);
  out << '\n' << exit_status_help();
}

const Command* find_command(const std::string& name) {
  for (const auto& command : commands())
    if (name == command.name) return &command;
  return nullptr;
}

ExitStatus dispatch(const Arguments& arguments) {
  if (arguments.empty()) {
    print_help(std::cerr);
    return ExitStatus::Usage;
  }
  auto name = arguments.front();
  if (name == "--help" || name == "-h" || name == "help") {
    print_help(std::cout);
    return ExitStatus::Done;
  }
  if (name == "--version") name = "version";
  if (const auto* command = find_command(name)) return command->run({arguments.begin() + 1, arguments.end()});
  std::vector<std::string> known;
  for (const auto& command : commands())
    if (!command.hidden) known.emplace_back(command.name);
  throw UsageError(fmt::format("unknown command '{}'{}", name, suggestion(name, known)));
}

ExitStatus guarded(const Arguments& arguments) {
  try {
    return dispatch(arguments);
  } catch (const UsageError& error) {
    fmt::print(stderr, "ablate: {}\nTry 'ablate --help'.\n", error.what());
    return ExitStatus::Usage;
  } catch (const LedgerUnavailable& error) {
    fmt::print(stderr, "ablate: {}\n", error.what());
    return ExitStatus::Ledger;
  } catch (const std::exception& error) {
    fmt::print(stderr, "ablate: {}\n", error.what());
    return ExitStatus::Failed;
  }
}

}  // namespace

int main(int count, char** values) {
  // A reader that has seen enough (`| head`) is no mistake: writes fail, and the program ends quietly.
  std::signal(SIGPIPE, SIG_DFL);
  const auto status = guarded({values + 1, values + count});
  std::cout.flush();
  if (status == ExitStatus::Done && !std::cout) {
    fmt::print(stderr, "ablate: the output could not be written\n");
    return int(ExitStatus::Failed);
  }
  return int(status);
}
