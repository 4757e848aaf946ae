#pragma once

#include <map>
#include <string>
#include <vector>

#include "ingredients/ingredient.h"

namespace ablate::ingredients {

/// Flat buffers of the size of each parameter set (moments, sums, slow weights), kept between updates and
/// across interruptions.
class SetBuffers {
 public:
  struct Declaration {
    std::string name;  // "velocity"
    double start = 0;  // what it is filled with at first
  };
  explicit SetBuffers(std::vector<Declaration> declarations) : declarations_(std::move(declarations)) {}

  bool has(const ParameterSet& set) const { return by_set_.count(set.name) != 0; }
  /// Those of a set in the order of declaration; made when first asked for.
  const std::vector<at::Tensor>& of(const ParameterSet& set);

  void save(Archive& archive) const;
  void load(const Archive& archive);

 private:
  std::vector<Declaration> declarations_;
  std::map<std::string, std::vector<at::Tensor>> by_set_;
};

}  // namespace ablate::ingredients
