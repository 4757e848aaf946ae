#pragma once

#include <string>
#include <utility>

#include "ingredients/ingredient.h"

namespace ablate::ingredients {

/// An ingredient that counts one thing, across interruptions too. One that remembers more extends `save` and
/// `load`.
class Counting : public Ingredient {
 public:
  void save(Archive& archive) const override { archive.values[what_] = count_; }
  void load(const Archive& archive) override { count_ = archive.values.at(what_); }
  Counters counters() const override { return {{what_, double(count_)}}; }

 protected:
  explicit Counting(std::string what) : what_(std::move(what)) {}
  void count(std::int64_t things = 1) { count_ += things; }
  std::int64_t counted() const { return count_; }

 private:
  std::string what_;
  std::int64_t count_ = 0;
};

}  // namespace ablate::ingredients
