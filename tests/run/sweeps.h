#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/run/program.h"

namespace ablate::testing_support {

/// A sweep of seconds: one small network on drawn pictures; reference, label smoothing and an average (which
/// shares the reference's training) with two seeds each: six runs, four trainings.
std::string tiny_sweep();

/// The folders of a store's trainings.
std::vector<std::filesystem::path> run_folders(const std::filesystem::path& store);

/// The text of all the store's trainings' journals.
std::string journals(const std::filesystem::path& store);

/// How often a text stands in another one.
int occurrences(const std::string& text, const std::string& what);

/// Every deterministic table of a store's ledger.
std::string dump_of(const std::filesystem::path& store);

/// The pid of a worker that has finished an epoch and still holds its folder; 0 when there is none.
int busy_worker(const std::filesystem::path& store);

}  // namespace ablate::testing_support
