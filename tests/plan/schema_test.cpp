#include <gmock/gmock.h>

#include "backbones/catalogue.h"
#include "harness/data/catalogue.h"
#include "harness/plan/plan.h"
#include "ingredients/catalogue.h"

namespace ablate {
namespace {

TEST(SweepSchema, KnowsEveryEntryOfTheCatalogues) {
  const auto schema = sweep_schema();
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  const auto& recipe = schema["$defs"]["recipe"]["properties"];
  for (const auto& entry : backbone_catalogue())
    EXPECT_TRUE(recipe["backbone"]["anyOf"][1]["properties"].contains(entry.name)) << entry.name;
  for (const auto& entry : data_catalogue())
    EXPECT_TRUE(recipe["data"]["anyOf"][1]["properties"].contains(entry.name)) << entry.name;
  for (const auto& entry : ingredient_catalogue())
    EXPECT_TRUE(recipe[entry.family]["anyOf"][1]["properties"].contains(entry.short_name)) << entry.name;
}

TEST(SweepSchema, AcceptsNoUnknownKeys) {
  const auto schema = sweep_schema();
  EXPECT_EQ(schema["additionalProperties"], false);
  EXPECT_EQ(schema["$defs"]["recipe"]["additionalProperties"], false);
  EXPECT_EQ(schema["$defs"]["table"]["additionalProperties"], false);
}

/// Every "#/$defs/x" that is referred to is there.
void check_references(const nlohmann::json& node, const nlohmann::json& schema) {
  if (node.is_object() && node.contains("$ref")) {
    const auto target = node["$ref"].get<std::string>().substr(1);
    EXPECT_TRUE(schema.contains(nlohmann::json::json_pointer(target))) << target;
  }
  if (node.is_structured())
    for (const auto& item : node) check_references(item, schema);
}

TEST(SweepSchema, RefersToNothingThatIsNotThere) {
  const auto schema = sweep_schema();
  check_references(schema, schema);
}

}  // namespace
}  // namespace ablate
