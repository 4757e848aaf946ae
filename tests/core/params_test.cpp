#include "harness/core/params.h"

#include <gmock/gmock.h>

#include "harness/core/canonical.h"

namespace ablate {
namespace {

using nlohmann::json;
using testing::HasSubstr;

struct Everything {
  double lr = 0.1;
  int steps = 3;
  std::int64_t samples = 10;
  bool nesterov = false;
  std::string mode = "max";
  std::string note;
  std::vector<double> betas{0.9, 0.999};
  std::optional<int> limit;
  PathValue cache;
  TeacherRef teacher;
  NestedIngredient inner{json{{"sgd", json::object()}}};
  int threads = 1;
};

Fields<Everything> fields() {
  Fields<Everything> f;
  f.add("lr", &Everything::lr, above(0), "step size")
      .add("steps", &Everything::steps, between(1, 10), "how many")
      .add("samples", &Everything::samples, any(), "how many samples")
      .add("nesterov", &Everything::nesterov, any(), "look ahead")
      .add("mode", &Everything::mode, one_of({"max", "min"}), "which way")
      .add("note", &Everything::note, any(), "free text")
      .add("betas", &Everything::betas, each(from_below(0, 1), 2), "two rates")
      .add("limit", &Everything::limit, at_least(1), "an upper limit")
      .add("cache", &Everything::cache, any(), "where")
      .add("teacher", &Everything::teacher, any(), "who teaches")
      .add("inner", &Everything::inner, of_family("optimizer"), "what is wrapped")
      .add("threads", &Everything::threads, at_least(1), "how fast")
      .not_in_key();
  return f;
}

/// The settings that a text resolves to, and what is said of it.
std::pair<json, std::string> resolved(std::string_view text,
                                      const std::vector<ParamInfo>& params = fields().info()) {
  Problems problems;
  const auto tree = read_json(text, "t", problems);
  auto settings = resolve(params, *tree, "optimizer.all", problems);
  return {std::move(settings), problems.text()};
}

std::string said_of(std::string_view text) {
  return resolved(text).second;
}

TEST(Resolve, FillsInEveryDefault) {
  const auto [settings, said] = resolved("{}");
  EXPECT_EQ(said, "");
  EXPECT_EQ(settings.size(), 12u);
  EXPECT_EQ(settings["lr"], 0.1);
  EXPECT_EQ(settings["betas"], json::array({0.9, 0.999}));
  EXPECT_TRUE(settings["limit"].is_null());
  EXPECT_EQ(fields().read(settings).inner.entry, (json{{"sgd", json::object()}}));
}

TEST(Resolve, TakesWhatIsGiven) {
  const auto [settings, said] =
      resolved(R"({"lr": 0.5, "steps": 10, "samples": 5000000000, "nesterov": true, "mode": "min",
    "note": "x", "betas": [0, 0.5], "limit": 4, "cache": "/c", "teacher": "R56", "inner": "adam"})");
  EXPECT_EQ(said, "");
  const auto p = fields().read(settings);
  EXPECT_EQ(p.lr, 0.5);
  EXPECT_EQ(p.steps, 10);
  EXPECT_EQ(p.samples, 5000000000);
  EXPECT_TRUE(p.nesterov);
  EXPECT_EQ(p.mode, "min");
  EXPECT_EQ(p.betas, (std::vector<double>{0, 0.5}));
  EXPECT_EQ(p.limit, 4);
  EXPECT_EQ(p.cache.text, "/c");
  EXPECT_EQ(p.teacher.id, "R56");
  EXPECT_EQ(p.inner.entry, (json{{"adam", json::object()}}));
}

TEST(Resolve, TurnsIntegersIntoRealsWhereRealsAreDeclared) {
  const auto [settings, said] = resolved(R"({"lr": 2, "betas": [0, -0.0]})");
  EXPECT_EQ(said, "");
  EXPECT_EQ(canonical(settings["lr"]), "2.0");
  EXPECT_EQ(canonical(settings["betas"]), "[0.0,0.0]") << "minus zero would make another key";
}

TEST(Resolve, NeverTurnsRealsIntoIntegers) {
  EXPECT_THAT(said_of(R"({"steps": 2.0})"), HasSubstr("t:1:11: 'steps' of optimizer.all expects an integer"));
}

TEST(Resolve, ReportsUnknownNamesWithTheNearestKnownOne) {
  EXPECT_EQ(said_of(R"({"step": 3})"),
            "t:1:2: optimizer.all has no parameter 'step' (did you mean 'steps'?)\n");
  EXPECT_THAT(said_of(R"({"zzz": 3})"), HasSubstr("; it has lr, steps, samples"));
  EXPECT_EQ(resolved(R"({"zzz": 3})", {}).second,
            "t:1:2: optimizer.all has no parameter 'zzz'; it has no parameters\n");
}

TEST(Resolve, ReportsWrongTypesByWhatWasExpectedAndFound) {
  EXPECT_EQ(said_of(R"({"lr": "0.1"})"),
            "t:1:8: 'lr' of optimizer.all expects a real number, not a string\n");
  EXPECT_THAT(said_of(R"({"nesterov": 1})"), HasSubstr("expects true or false, not an integer"));
  EXPECT_THAT(said_of(R"({"mode": 1})"), HasSubstr("expects one of max, min, not an integer"));
  EXPECT_THAT(said_of(R"({"mode": "mix"})"),
              HasSubstr("is 'mix', expected one of max, min (did you mean 'm"));
  EXPECT_THAT(said_of(R"({"lr": null})"), HasSubstr("not null"));
  EXPECT_THAT(said_of(R"({"betas": 0.9})"),
              HasSubstr("'betas' of optimizer.all expects a list, not a real number"));
  EXPECT_THAT(said_of(R"({"teacher": 3})"), HasSubstr("expects the name of a teacher, not an integer"));
  EXPECT_THAT(said_of(R"({"inner": {"a": {}, "b": {}}})"),
              HasSubstr("expects one ingredient of family 'optimizer'"));
  EXPECT_THAT(said_of("[1]"), HasSubstr("t:1:1: optimizer.all expects an object of parameters, not a list"));
}

TEST(Resolve, PrintsTheAllowedRange) {
  EXPECT_EQ(said_of(R"({"lr": 0})"), "t:1:8: 'lr' of optimizer.all is 0, allowed is above 0\n");
  EXPECT_THAT(said_of(R"({"steps": 11})"), HasSubstr("is 11, allowed is [1, 10]"));
  EXPECT_THAT(said_of(R"({"limit": 0})"), HasSubstr("is 0, allowed is at least 1"));
  EXPECT_THAT(said_of(R"({"betas": [0.5, 1]})"),
              HasSubstr("t:1:17: 'betas[1]' of optimizer.all is 1, allowed is [0, 1)"));
  EXPECT_THAT(said_of(R"({"betas": [0.5]})"), HasSubstr("holds 1 values, 2 expected"));
  EXPECT_THAT(said_of(R"({"threads": 3000000000})"), HasSubstr("does not fit 32 bits"));
}

TEST(Resolve, ReportsEverythingAtOnce) {
  Problems problems;
  const auto tree =
      read_json("{\"lr\": true,\n \"steps\": 0,\n \"betas\": [2, \"x\"],\n \"oops\": 1}", "t", problems);
  const auto settings = resolve(fields().info(), *tree, "optimizer.all", problems);
  EXPECT_EQ(problems.sorted().size(), 5u) << problems.text();
  EXPECT_EQ(settings["steps"], 3) << "a refused value leaves the default";
}

TEST(Resolve, AsksForWhatIsRequired) {
  auto f = fields();
  f.required();
  EXPECT_EQ(resolved("{\"lr\": 1}", f.info()).second, "t:1:1: optimizer.all needs 'threads': how fast\n");
  EXPECT_EQ(resolved("{\"threads\": 2}", f.info()).second, "");
}

TEST(HashedSettings, DropDefaultsPathsAndWhatSaysOnlyHowFast) {
  const auto [settings, said] =
      resolved(R"({"lr": 0.1, "steps": 4, "cache": "/c", "threads": 8, "limit": null})");
  EXPECT_EQ(hashed_settings(fields().info(), settings), (json{{"steps", 4}}));
}

TEST(HashedSettings, AreTheSameForADefaultSpelledAsAnInteger) {
  struct P {
    double temperature = 4;
  };
  const auto params = Fields<P>{}.add("temperature", &P::temperature, above(0), "").info();
  EXPECT_EQ(hashed_settings(params, resolved(R"({"temperature": 4})", params).first), json::object());
  EXPECT_EQ(canonical(hashed_settings(params, resolved(R"({"temperature": 8})", params).first)),
            "{\"temperature\":8.0}");
}

TEST(HashedSettings, KeepWhatIsRequired) {
  auto f = fields();
  f.add("width", &Everything::steps, any(), "").required();
  EXPECT_EQ(hashed_settings(f.info(), resolved("{\"width\": 3}", f.info()).first), (json{{"width", 3}}));
}

TEST(Schema, SaysWhatResolveAccepts) {
  const auto schema = schema_of(fields().info());
  EXPECT_EQ(schema["type"], "object");
  EXPECT_EQ(schema["additionalProperties"], false);
  const auto& of = schema["properties"];
  EXPECT_EQ(
      of["lr"],
      (json{{"type", "number"}, {"exclusiveMinimum", 0.0}, {"default", 0.1}, {"description", "step size"}}));
  EXPECT_EQ(of["steps"]["type"], "integer");
  EXPECT_EQ(of["steps"]["minimum"], 1);
  EXPECT_EQ(of["steps"]["maximum"], 10);
  EXPECT_EQ(of["mode"]["enum"], json::array({"max", "min"}));
  EXPECT_EQ(of["betas"]["items"]["exclusiveMaximum"], 1);
  EXPECT_EQ(of["betas"]["minItems"], 2);
  EXPECT_EQ(of["betas"]["maxItems"], 2);
  EXPECT_EQ(of["limit"]["anyOf"][1], (json{{"type", "null"}}));
  EXPECT_EQ(of["teacher"]["type"], json::array({"string", "object"}));
  EXPECT_FALSE(schema.contains("required"));
  auto f = fields();
  EXPECT_EQ(schema_of(f.required().info())["required"], json::array({"threads"}));
}

TEST(DescribeValues, ReadsAsHelp) {
  const auto info = fields().info();
  EXPECT_EQ(describe_values(info[0]), "real, above 0, default 0.1");
  EXPECT_EQ(describe_values(info[1]), "integer in [1, 10], default 3");
  EXPECT_EQ(describe_values(info[3]), "true or false, default false");
  EXPECT_EQ(describe_values(info[4]), "one of max, min, default max");
  EXPECT_EQ(describe_values(info[6]), "list of 2, each: real in [0, 1), default [0.9,0.999]");
  EXPECT_EQ(describe_values(info[7]), "integer, at least 1, or null, not set by default");
}

}  // namespace
}  // namespace ablate
