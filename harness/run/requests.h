#pragma once

#include <filesystem>
#include <string>

#include "harness/plan/plan.h"
#include "harness/run/schedule.h"
#include "harness/run/store.h"
#include "harness/train/request.h"

namespace ablate {

/// What a coordinator asks of its workers beyond the specs.
struct RequestOptions {
  std::string keep = "last";
  std::int64_t teacher_cache_bytes = Request{}.teacher_cache_bytes;
  bool trial = false;
  int stop_after_steps = 0, finish_after_steps = 0;  // as in Request
};

/// The weights of a finished run in its reported form. Throws Error when its folder does not hold them.
TeacherSource teacher_source(const Store& store, const Run& run);

/// The request for a task whose teachers are done. `data` is its pack.
Request request_for(const Store& store, const Plan& plan, const Task& task, const std::filesystem::path& data,
                    const RequestOptions& options);

/// Writes spec.json and request.json; from the beginning if the task says so. Call it with the folder's lock
/// held.
void write_request(const std::filesystem::path& folder, const Request& request, bool restart);

}  // namespace ablate
