#include "harness/cli/shared_options.h"

#include <map>

#include <fmt/format.h>

#include "harness/core/problems.h"

namespace ablate::cli {

void add_store(CommandLine& line) {
  line.options()("store", po::value<std::string>()->default_value("ablate-store")->value_name("DIR"),
                 "the folder that holds runs and ledger");
}

Store store_of(const po::variables_map& values) {
  return Store(text_of(values, "store"));
}

void add_overrides(CommandLine& line) {
  line.options()("base", po::value<std::string>()->value_name("FILE"),
                 "a recipe to use instead of the sweep's base")(
      "set", po::value<std::vector<std::string>>()->value_name("PATH=VALUE"),
      "change the base (train.epochs=3); may be given several times")(
      "executor", po::value<std::string>()->value_name("NAME"), "short for --set train.executor=NAME");
}

Overrides overrides_of(const po::variables_map& values) {
  Overrides overrides;
  if (const auto base = text_of(values, "base"); !base.empty()) overrides.base = base;
  overrides.set = all_of(values, "set");
  for (const auto& setting : overrides.set)
    if (setting.find('=') == std::string::npos || setting.front() == '=')
      throw UsageError(fmt::format("--set {}: expected PATH=VALUE", setting));
  if (const auto executor = text_of(values, "executor"); !executor.empty())
    overrides.set.push_back(fmt::format("train.executor={}", executor));
  return overrides;
}

void add_format(CommandLine& line) {
  line.options()("format", po::value<std::string>()->default_value("text")->value_name("text|md|csv|json"),
                 "how to print it");
}

Format format_of(const po::variables_map& values) {
  const std::map<std::string, Format> formats{
      {"text", Format::Text}, {"md", Format::Markdown}, {"csv", Format::Csv}, {"json", Format::Json}};
  const auto wanted = text_of(values, "format");
  if (const auto found = formats.find(wanted); found != formats.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [name, format] : formats) known.push_back(name);
  throw UsageError(fmt::format("unknown format '{}'{}", wanted, suggestion(wanted, known)));
}

std::unique_ptr<Ledger> open_ledger(const Store& store) {
  if (!std::filesystem::exists(store.ledger()))
    throw Error(fmt::format("{}: there is no ledger; 'ablate run' makes one (--store names another folder)",
                            store.root().string()));
  return Ledger::open(store.ledger(), Ledger::Mode::Read);
}

}  // namespace ablate::cli
