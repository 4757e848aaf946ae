#pragma once

#include <string>
#include <vector>

#include "harness/core/params.h"
#include "harness/core/problems.h"
#include "harness/core/tree.h"

namespace ablate {

// What may be meant by a name: candidates for suggestions.
std::vector<std::string> ingredient_names(const std::string& family);
std::vector<std::string> backbone_names();
std::vector<std::string> data_names();
std::vector<std::string> parameter_names(const std::vector<ParamInfo>& params);

/// Reports every member whose key is not among `known`; `what` owns the keys ("a sweep").
void check_keys(const Tree& object, const std::vector<std::string>& known, const std::string& what,
                Problems& problems);

/// Reports a name that `factor=label` could not select: empty, reserved, or with a ',' or '='.
bool check_label(const std::string& label, const std::string& what, const Place& place, Problems& problems);

/// Adds all that one list holds to another.
void add_problems(const Problems& from, Problems& to);

/// The member of that key if it is of that kind; another kind is a problem.
const Tree* member_of_kind(const Tree& object, const std::string& key, Tree::Kind kind, Problems& problems);

}  // namespace ablate
