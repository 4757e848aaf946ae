#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace ablate {

/// A run that a trajectory must yield: its spec is the trajectory's plus passive ingredients.
struct RequestedRun {
  std::string key;
  nlohmann::json spec;
};

/// Where a teacher lies, and how it looks at images.
struct TeacherSource {
  std::filesystem::path file;     // safetensors of the network, or without one a TorchScript module
  bool outputs = false;           // the file holds outputs for fixed views instead (view_outputs.h)
  nlohmann::json backbone;        // {name: settings}, or null: a module
  nlohmann::json reparam;         // {name: settings} or null: the form in which the weights were saved
  int size = 0;                   // height = width of what it sees; 0: as the student
  std::vector<double> mean, std;  // its normalisation; empty: the student's
};

/// `request.json`: what a trajectory's folder is asked for. It says where things lie; `spec.json` says what
/// is computed.
struct Request {
  std::string trajectory;  // key
  nlohmann::json spec;     // the trajectory's: {"recipe": ..., "seed": ..., "versions": ...}
  std::vector<RequestedRun> runs;
  std::filesystem::path data;                         // pack
  std::map<std::string, TeacherSource> teachers;      // by canonical text of the reference in the spec
  std::filesystem::path teacher_cache;                // folder, empty: no cache
  std::int64_t teacher_cache_bytes = 20'000'000'000;  // what exact outputs in it may take together
  std::filesystem::path initial;                      // weight file of train.init, or empty
  std::string keep = "last";                          // "last", "best", "none"
  int threads = 1;  // of the executor
  int loader_threads = 1;
  int checkpoint_seconds = 300;  // at most this long between two checkpoints; 0: at epochs' ends only
  bool trial = false;            // a smoke run: nothing is computed that pays off only later
  int stop_after_steps = 0;      // smoke runs and tests: interrupt after so many steps; 0: never
  int finish_after_steps =
      0;  // smoke runs: end after so many steps in all as if they were the whole training; 0: never
};

nlohmann::json to_json(const Request& request);
Request request_from(const nlohmann::json& json);

}  // namespace ablate
