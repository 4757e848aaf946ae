#include "harness/cli/command_line.h"

#include <iostream>
#include <sstream>

#include <fmt/format.h>

#include "harness/core/problems.h"

namespace ablate::cli {
namespace {

constexpr unsigned kWidth = 100;

/// Exact names only: an abbreviation in a script would change its meaning when an option is added.
constexpr int kStyle = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;

std::vector<std::string> names_of(const po::options_description& options) {
  std::vector<std::string> names;
  for (const auto& option : options.options()) names.push_back(option->long_name());
  return names;
}

}  // namespace

CommandLine::CommandLine(std::string usage, std::string doc)
    : usage_(std::move(usage)), doc_(std::move(doc)), shown_("Options", kWidth) {
  shown_.add_options()("help,h", "print this and leave");
}

CommandLine& CommandLine::argument(const std::string& name, int count) {
  unnamed_.add_options()(name.c_str(), po::value<std::vector<std::string>>());
  order_.add(name.c_str(), count);
  return *this;
}

std::optional<po::variables_map> CommandLine::parse(const Arguments& arguments) const {
  po::options_description all;
  all.add(shown_).add(unnamed_);
  po::variables_map values;
  try {
    po::store(po::command_line_parser(arguments).options(all).positional(order_).style(kStyle).run(), values);
    po::notify(values);
  } catch (const po::unknown_option& error) {
    auto name = error.get_option_name();
    name.erase(0, name.find_first_not_of('-'));
    auto meant = nearest(name, names_of(shown_));
    if (!meant.empty()) meant = fmt::format(" (did you mean --{}?)", meant);
    throw UsageError(fmt::format("unknown option '{}'{}", error.get_option_name(), meant));
  } catch (const po::too_many_positional_options_error&) {
    throw UsageError(fmt::format("too many arguments; usage: ablate {}", usage_));
  } catch (const po::error& error) {
    throw UsageError(error.what());
  }
  if (values.count("help") == 0) return values;
  std::ostringstream options;
  options << shown_;
  std::cout << fmt::format("ablate {}\n\n{}\n\n{}\n{}", usage_, doc_, options.str(), exit_status_help());
  return std::nullopt;
}

std::string required(const po::variables_map& values, const std::string& name) {
  if (values.count(name) == 0) throw UsageError(fmt::format("{} is missing", name));
  return all_of(values, name).front();
}

std::string text_of(const po::variables_map& values, const std::string& name, const std::string& fallback) {
  if (values.count(name) == 0) return fallback;
  if (const auto* text = boost::any_cast<std::string>(&values[name].value())) return *text;
  return all_of(values, name).front();
}

std::vector<std::string> listed(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; std::getline(stream, word, ',');) words.push_back(word);
  return words;
}

std::vector<std::string> all_of(const po::variables_map& values, const std::string& name) {
  if (values.count(name) == 0) return {};
  return values[name].as<std::vector<std::string>>();
}

std::string exit_status_help() {
  return "Exit status: 0 done (diverged runs included), 1 failed, 2 wrong usage, 3 invalid sweep,\n"
         "4 some runs failed and the rest is done, 5 interrupted (can be resumed), 6 ledger busy or "
         "damaged.\n";
}

}  // namespace ablate::cli
