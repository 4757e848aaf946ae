#include "harness/core/tree.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace ablate {
namespace {

using nlohmann::json;

TEST(Tree, FindsSetsAndErasesMembers) {
  auto tree = Tree::object({"t", 1, 1});
  EXPECT_EQ(tree.find("a"), nullptr);
  tree.set("a", Tree::string("x", {"t", 1, 7}), {"t", 1, 2});
  tree.set("b", Tree::string("off", {"t", 2, 7}), {"t", 2, 2});
  tree.set("a", Tree::string("y", {"u", 3, 7}), {"u", 3, 2});
  EXPECT_EQ(to_json(tree), (json{{"a", "y"}, {"b", "off"}}));
  EXPECT_EQ(tree.members[0].place, (Place{"u", 3, 2}))
      << "a replaced member stands where the new one was written";
  EXPECT_TRUE(tree.find("b")->is_off());
  EXPECT_FALSE(tree.find("a")->is_off());
  tree.erase("a");
  tree.erase("absent");
  EXPECT_EQ(to_json(tree), (json{{"b", "off"}}));
}

TEST(Tree, OfAPlainValueHasItsPlaceEverywhere) {
  const auto value = json::parse(R"({"a": [1, 2.5, true, null, "x"], "b": {"c": {}}})");
  const Place place{"--set", 0, 0};
  const auto tree = to_tree(value, place);
  EXPECT_EQ(to_json(tree), value);
  EXPECT_EQ(tree.find("a")->items[1].place, place);
  EXPECT_EQ(tree.find("b")->members[0].place, place);
}

}  // namespace
}  // namespace ablate
