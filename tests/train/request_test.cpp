#include "harness/train/request.h"

#include <gtest/gtest.h>

namespace ablate {
namespace {

TEST(Request, ReadsBackAsItWasWritten) {
  Request request;
  request.trajectory = "t";
  request.spec = {{"seed", 3}};
  request.runs = {{"a", {{"seed", 3}}}, {"b", nullptr}};
  request.data = "data/x.pack";
  request.teachers["{\"run\":\"k\"}"] = {.file = "w.safetensors",
                                         .outputs = true,
                                         .backbone = {{"resnet", {{"depth", 20}}}},
                                         .size = 24,
                                         .mean = {0.5, 0.25, 0.125},
                                         .std = {1, 1, 1}};
  request.teacher_cache = "teachers";
  request.teacher_cache_bytes = 12;
  request.initial = "init.safetensors";
  request.keep = "best";
  request.loader_threads = 3;
  request.checkpoint_seconds = 7;
  request.trial = true;
  request.stop_after_steps = 5;
  request.finish_after_steps = 6;
  const auto json = to_json(request);
  EXPECT_EQ(to_json(request_from(json)), json);
  EXPECT_EQ(json.at("finish_after_steps"), 6);
  EXPECT_EQ(request_from(json).teachers.begin()->second.mean[1], 0.25);
  EXPECT_TRUE(request_from(json).teachers.begin()->second.outputs);
}

TEST(Request, NeedsOnlyWhatHasNoDefault) {
  const auto request = request_from({{"trajectory", "t"},
                                     {"spec", nlohmann::json::object()},
                                     {"runs", nlohmann::json::array()},
                                     {"data", "d"},
                                     {"teachers", nlohmann::json::object()}});
  EXPECT_EQ(request.keep, "last");
  EXPECT_EQ(request.loader_threads, 1);
}

}  // namespace
}  // namespace ablate
