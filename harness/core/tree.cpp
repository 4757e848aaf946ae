#include "harness/core/tree.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace ablate {

using nlohmann::json;

const Tree* Tree::find(std::string_view key) const {
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const Member& member) { return member.key == key; });
  return found == members.end() ? nullptr : &found->value;
}

Tree* Tree::find(std::string_view key) {
  return const_cast<Tree*>(std::as_const(*this).find(key));
}

void Tree::set(const std::string& key, Tree value, const Place& key_place) {
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const Member& member) { return member.key == key; });
  if (found == members.end())
    members.push_back({key, key_place, std::move(value)});
  else
    *found = {key, key_place, std::move(value)};
}

void Tree::erase(std::string_view key) {
  std::erase_if(members, [&](const Member& member) { return member.key == key; });
}

Tree Tree::string(std::string text, const Place& place) {
  Tree tree;
  tree.kind = Kind::String;
  tree.place = place;
  tree.text = std::move(text);
  return tree;
}

Tree Tree::object(const Place& place) {
  Tree tree;
  tree.kind = Kind::Object;
  tree.place = place;
  return tree;
}

std::string kind_name(Tree::Kind kind) {
  switch (kind) {
    case Tree::Kind::Null:
      return "null";
    case Tree::Kind::Bool:
      return "true or false";
    case Tree::Kind::Integer:
      return "an integer";
    case Tree::Kind::Real:
      return "a real number";
    case Tree::Kind::String:
      return "a string";
    case Tree::Kind::Array:
      return "a list";
    case Tree::Kind::Object:
      return "an object";
  }
  return "";
}

json to_json(const Tree& tree) {
  switch (tree.kind) {
    case Tree::Kind::Null:
      return nullptr;
    case Tree::Kind::Bool:
      return tree.boolean;
    case Tree::Kind::Integer:
      return tree.integer;
    case Tree::Kind::Real:
      return tree.real;
    case Tree::Kind::String:
      return tree.text;
    case Tree::Kind::Array: {
      auto array = json::array();
      for (const auto& item : tree.items) array.push_back(to_json(item));
      return array;
    }
    case Tree::Kind::Object: {
      auto object = json::object();
      for (const auto& member : tree.members) object[member.key] = to_json(member.value);
      return object;
    }
  }
  return nullptr;
}

Tree to_tree(const json& value, const Place& place) {
  Tree tree;
  tree.place = place;
  if (value.is_boolean()) {
    tree.kind = Tree::Kind::Bool;
    tree.boolean = value.get<bool>();
  } else if (value.is_number_integer()) {
    tree.kind = Tree::Kind::Integer;
    tree.integer = value.get<std::int64_t>();
  } else if (value.is_number_float()) {
    tree.kind = Tree::Kind::Real;
    tree.real = value.get<double>();
  } else if (value.is_string()) {
    tree.kind = Tree::Kind::String;
    tree.text = value.get<std::string>();
  } else if (value.is_array()) {
    tree.kind = Tree::Kind::Array;
    for (const auto& item : value) tree.items.push_back(to_tree(item, place));
  } else if (value.is_object()) {
    tree.kind = Tree::Kind::Object;
    for (const auto& [key, member] : value.items())
      tree.members.push_back({key, place, to_tree(member, place)});
  }
  return tree;
}

}  // namespace ablate
