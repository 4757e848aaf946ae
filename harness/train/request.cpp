#include "harness/train/request.h"

namespace ablate {
namespace {

nlohmann::json teacher_to_json(const TeacherSource& source) {
  return {{"file", source.file.string()},
          {"outputs", source.outputs},
          {"backbone", source.backbone},
          {"reparam", source.reparam},
          {"size", source.size},
          {"mean", source.mean},
          {"std", source.std}};
}

TeacherSource teacher_from(const nlohmann::json& json) {
  return {.file = json.at("file").get<std::string>(),
          .outputs = json.value("outputs", false),
          .backbone = json.at("backbone"),
          .reparam = json.at("reparam"),
          .size = json.at("size"),
          .mean = json.at("mean"),
          .std = json.at("std")};
}

}  // namespace

nlohmann::json to_json(const Request& request) {
  auto runs = nlohmann::json::array();
  for (const auto& run : request.runs) runs.push_back({{"key", run.key}, {"spec", run.spec}});
  auto teachers = nlohmann::json::object();
  for (const auto& [name, source] : request.teachers) teachers[name] = teacher_to_json(source);
  return {{"trajectory", request.trajectory},
          {"spec", request.spec},
          {"runs", runs},
          {"data", request.data.string()},
          {"teachers", teachers},
          {"teacher_cache", request.teacher_cache.string()},
          {"teacher_cache_bytes", request.teacher_cache_bytes},
          {"initial", request.initial.string()},
          {"keep", request.keep},
          {"threads", request.threads},
          {"loader_threads", request.loader_threads},
          {"checkpoint_seconds", request.checkpoint_seconds},
          {"trial", request.trial},
          {"stop_after_steps", request.stop_after_steps},
          {"finish_after_steps", request.finish_after_steps}};
}

Request request_from(const nlohmann::json& json) {
  Request request;
  request.trajectory = json.at("trajectory");
  request.spec = json.at("spec");
  for (const auto& run : json.at("runs")) request.runs.push_back({run.at("key"), run.at("spec")});
  request.data = json.at("data").get<std::string>();
  for (const auto& [name, source] : json.at("teachers").items())
    request.teachers[name] = teacher_from(source);
  request.teacher_cache = json.value("teacher_cache", "");
  request.teacher_cache_bytes = json.value("teacher_cache_bytes", request.teacher_cache_bytes);
  request.initial = json.value("initial", "");
  request.keep = json.value("keep", request.keep);
  request.threads = json.value("threads", request.threads);
  request.loader_threads = json.value("loader_threads", request.loader_threads);
  request.checkpoint_seconds = json.value("checkpoint_seconds", request.checkpoint_seconds);
  request.trial = json.value("trial", request.trial);
  request.stop_after_steps = json.value("stop_after_steps", request.stop_after_steps);
  request.finish_after_steps = json.value("finish_after_steps", request.finish_after_steps);
  return request;
}

}  // namespace ablate
