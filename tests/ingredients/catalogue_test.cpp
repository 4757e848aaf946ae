#include "ingredients/catalogue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "backbones/catalogue.h"
#include "harness/graph/rewrite.h"
#include "tests/ingredients/print.h"
#include "tests/ingredients/support.h"

namespace ablate::test {
namespace {

using testing::TestWithParam;
using testing::ValuesIn;

/// Contracts that every entry of the catalogue keeps by its declaration alone.
class Declaration : public TestWithParam<IngredientEntry> {};

/// What a user must give for the entry to be complete.
nlohmann::json required_settings(const IngredientEntry& entry) {
  nlohmann::json given = nlohmann::json::object();
  for (const auto& param : entry.params)
    if (param.required) {
      EXPECT_EQ(param.type, ParamType::Teacher)
          << "a required parameter that tests do not know how to fill in";
      given[param.name] = "R20";
    }
  return given;
}

TEST_P(Declaration, SaysWhatItIsAndWhereItComesFrom) {
  const auto& entry = GetParam();
  EXPECT_FALSE(entry.doc.empty());
  EXPECT_FALSE(entry.source.empty());
  EXPECT_GE(entry.version, 1);
  EXPECT_EQ(entry.name, entry.family + "." + entry.short_name);
  EXPECT_NE(find_family(entry.family), nullptr);
}

TEST_P(Declaration, DescribesEveryParameter) {
  for (const auto& param : GetParam().params) {
    EXPECT_FALSE(param.doc.empty()) << param.name;
    EXPECT_FALSE(describe_values(param).empty()) << param.name;
    EXPECT_FALSE(param.source.empty() && GetParam().source.empty()) << param.name;
  }
}

bool is_one_tidy_line(const std::string& text) {
  return text.find_first_of("\n\t") == std::string::npos && text.find("  ") == std::string::npos &&
         (text.empty() || (text.front() != ' ' && text.back() != ' '));
}

/// A parameter of the entry, an ingredient ("average.ema"), a family, or a parameter of another one
/// ("distill.dkd.label").
bool names_something(const IngredientEntry& entry, const std::string& name) {
  const auto has = [](const IngredientEntry& owner, const std::string& param) {
    return std::any_of(owner.params.begin(), owner.params.end(),
                       [&](const ParamInfo& info) { return info.name == param; });
  };
  if (has(entry, name) || find_family(name)) return true;
  for (const auto& other : ingredient_catalogue())
    if (name == other.name ||
        (name.starts_with(other.name + '.') && has(other, name.substr(other.name.size() + 1))))
      return true;
  return false;
}

/// A choice of one of the entry's parameters.
bool is_choice(const IngredientEntry& entry, const std::string& name) {
  return std::any_of(entry.params.begin(), entry.params.end(), [&](const ParamInfo& param) {
    return std::count(param.range.choices.begin(), param.range.choices.end(), name) > 0;
  });
}

TEST_P(Declaration, HasAFormulaUnlessItDrawsOrShowsImages) {
  const auto& entry = GetParam();
  EXPECT_TRUE(is_one_tidy_line(entry.formula)) << entry.formula;
  EXPECT_EQ(entry.formula.find('`'), std::string::npos) << "it stands between backticks itself";
  if (entry.family != "augment" && entry.family != "curriculum") {
    EXPECT_FALSE(entry.formula.empty());
  }
  // parameters are words joined by underscores, indices (p_t, sum_c) have a single letter behind theirs
  const std::regex word("\\b[a-z0-9]{2,}(_[a-z0-9]{2,})+\\b");
  for (std::sregex_iterator it(entry.formula.begin(), entry.formula.end(), word), end; it != end; ++it)
    EXPECT_TRUE(names_something(entry, it->str()) || is_choice(entry, it->str())) << it->str();
}

TEST_P(Declaration, NamesInItsInteractionsWhatThereIs) {
  const auto& text = GetParam().interactions;
  EXPECT_TRUE(is_one_tidy_line(text)) << text;
  EXPECT_TRUE(text.empty() || text.ends_with('.')) << "not a sentence: " << text;
  const std::regex quoted("`([^`]*)`");
  for (std::sregex_iterator it(text.begin(), text.end(), quoted), end; it != end; ++it)
    EXPECT_TRUE(names_something(GetParam(), it->str(1))) << it->str(1);
  EXPECT_EQ(std::count(text.begin(), text.end(), '`') % 2, 0) << text;
}

TEST_P(Declaration, HasDefaultsWithinTheirRanges) {
  const auto& entry = GetParam();
  const auto settings = settings_of(entry, required_settings(entry));
  for (const auto& param : entry.params) EXPECT_TRUE(settings.contains(param.name)) << param.name;
  Problems problems;
  resolve(entry.params, to_tree(settings, {}), entry.name, problems);
  EXPECT_TRUE(problems.ok()) << problems.text();
}

TEST_P(Declaration, NamesNeutralSettingsOrSaysWhyThereAreNone) {
  const auto& entry = GetParam();
  EXPECT_NE(entry.neutral.empty(), entry.no_neutral.empty());
  for (const auto& neutral : entry.neutral) {
    auto given = required_settings(entry);
    given.update(neutral);
    EXPECT_TRUE(entry.is_neutral(settings_of(entry, given))) << neutral;
  }
}

TEST_P(Declaration, ListsCountersThatItReports) {
  const auto& entry = GetParam();
  EXPECT_FALSE(entry.counters.empty());
  const auto counters = entry.make(settings_of(entry, required_settings(entry)))->counters();
  for (const auto& name : entry.counters) EXPECT_TRUE(counters.count(name)) << name;
  EXPECT_EQ(counters.size(), entry.counters.size());
}

TEST_P(Declaration, TakesItsOwnDefaultsAsPossible) {
  const auto& entry = GetParam();
  if (!entry.refuses) return;
  const auto settings = settings_of(entry, required_settings(entry));
  nlohmann::json recipe{{entry.family, {{entry.short_name, settings}}}};
  recipe.update(entry.trial_beside);
  for (const auto& reason : entry.refuses(settings, {recipe, 30})) ADD_FAILURE() << reason;
}

INSTANTIATE_TEST_SUITE_P(Ingredients, Declaration, ValuesIn(ingredient_catalogue()),
                         [](const auto& one) { return one.param.family + "_" + one.param.short_name; });

TEST(Catalogue, RefusesTwoEntriesOfOneName) {
  auto entries = ingredient_catalogue();
  EXPECT_NO_THROW(check_catalogue(entries));
  entries.push_back(entries.front());
  EXPECT_THROW(check_catalogue(entries), Error);
}

TEST(Catalogue, RefusesAnEntryWithoutAFamily) {
  auto entries = ingredient_catalogue();
  entries.front().family = "spells";
  EXPECT_THROW(check_catalogue(entries), Error);
}

TEST(Catalogue, FindsByFamilyAndName) {
  ASSERT_NE(find_ingredient("optimizer", "sgd"), nullptr);
  EXPECT_EQ(find_ingredient("optimizer", "sgd")->name, "optimizer.sgd");
  EXPECT_EQ(find_ingredient("mix", "sgd"), nullptr);
}

TEST(Catalogue, TakesCopySuffixesOff) {
  EXPECT_EQ(without_copy("logit@second"), "logit");
  EXPECT_EQ(without_copy("logit"), "logit");
}

TEST(Families, HaveTheArityOfTheGrammar) {
  ASSERT_EQ(families().size(), 11u);
  for (const std::string one : {"reparam", "mix", "schedule", "sparsify"})
    EXPECT_EQ(find_family(one)->arity, Arity::AtMostOne) << one;
  for (const std::string any : {"distill", "augment", "loss", "regularize", "average", "curriculum"})
    EXPECT_EQ(find_family(any)->arity, Arity::Any) << any;
  EXPECT_EQ(find_family("optimizer")->arity, Arity::ExactlyOneAndWrappers);
  EXPECT_EQ(find_family("spells"), nullptr);
}

TEST(RecipeView, KnowsWhatIsOn) {
  const nlohmann::json recipe{{"mix", {{"mixup", {{"alpha", 0.2}}}}},
                              {"distill", {{"logit@second", {{"temperature", 2.0}}}}},
                              {"average", "off"}};
  const RecipeView view{recipe, 30};
  EXPECT_TRUE(view.has("mix"));
  EXPECT_FALSE(view.has("average"));
  EXPECT_FALSE(view.has("loss"));
  ASSERT_NE(view.on("mix", "mixup"), nullptr);
  EXPECT_EQ(view.on("mix", "mixup")->at("alpha"), 0.2);
  EXPECT_EQ(view.on("mix", "cutmix"), nullptr);
  ASSERT_NE(view.on("distill", "logit"), nullptr);
}

TEST(Neutral, NeedsEveryKeyOfAnObject) {
  const auto& entry = entry_of("distill.logit");
  auto settings = settings_of(entry, {{"teacher", "R20"}, {"kd_weight", 0}});
  EXPECT_FALSE(entry.is_neutral(settings)) << "the task term still has another weight";
  settings["ce_weight"] = 1;
  EXPECT_TRUE(entry.is_neutral(settings)) << "an integer equals a real";
}

TEST(Window, RefusesToHoldNoEpoch) {
  const auto& entry = entry_of("mix.mixup");
  const nlohmann::json recipe = nlohmann::json::object();
  const auto reasons = [&](nlohmann::json active, std::int64_t epochs) {
    return entry.refuses(settings_of(entry, {{"active", active}}), {recipe, epochs}).size();
  };
  EXPECT_EQ(reasons({0.5, 0.5}, 30), 1u);
  EXPECT_EQ(reasons({0.9, 0.3}, 30), 1u);
  EXPECT_EQ(reasons({0.9, 1}, 4), 1u) << "the last tenth of four epochs is none of them";
  EXPECT_EQ(reasons({0.9, 1}, 10), 0u);
}

TEST(Window, IsNotForWhatActsThroughout) {
  for (const auto& entry : ingredient_catalogue()) {
    const bool takes = std::any_of(entry.params.begin(), entry.params.end(),
                                   [](const ParamInfo& param) { return param.name == "active"; });
    EXPECT_EQ(takes, entry.no_window.empty()) << entry.name;
  }
}

TEST(Branches, HasTheDefaultsOfTheRewrite) {
  const auto& entry = entry_of("reparam.branches");
  const auto build = [] { return find_backbone("ghostnetv2")->build({{"width", 0.5}}, {3, 32, 32, 10}); };
  auto ours = build(), theirs = build();
  EXPECT_GT(entry.rewrite(settings_of(entry, nlohmann::json::object()), ours), 0);
  add_branches(theirs, {});
  EXPECT_EQ(ours.digest(), theirs.digest());
}

TEST(Branches, FindsNothingWhereTheNetworkLacksTheRoles) {
  const auto& entry = entry_of("reparam.branches");
  auto graph = find_backbone("mobilenetv2")->build({{"width", 0.5}}, {3, 32, 32, 10});
  EXPECT_EQ(entry.rewrite(settings_of(entry, {{"roles", {"cheap"}}}), graph), 0);
}

}  // namespace
}  // namespace ablate::test
