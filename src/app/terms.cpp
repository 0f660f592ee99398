#include "app/terms.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "base/yaml.h"
#include "embedded/terms.h"

namespace banchu {
namespace {

constexpr std::size_t kMostNear = 3;

Term read_term(const std::string& name, const Json& json) {
  Term term;
  term.name = {name, string_at(json, "ko")};
  term.meaning = {string_at(json, "en"), string_at(json, "korean")};
  const Json example = json.value("example", Json::object());
  term.example = {string_at(example, "en"), string_at(example, "ko")};
  term.where = string_at(json, "where");
  for (const Json& other : json.value("also", Json::array())) term.also.push_back(other.get<std::string>());
  return term;
}

std::vector<Term> read_terms() {
  const Result<Json> table = parse_yaml(embedded::terms_terms_yaml, "the terms in the program");
  BANCHU_CHECK(table.has_value() && table->is_object(), table ? "no table" : table.error().message);
  std::vector<Term> list;
  for (const auto& [name, json] : table->items()) list.push_back(read_term(name, json));
  return list;
}

std::string plain(const std::string& word) {
  std::string text = fold(word);
  std::erase_if(text, [](char c) { return c == ' ' || c == '-' || c == '_'; });
  return text;
}

std::vector<std::string> names_of(const Term& term) {
  std::vector<std::string> names = term.also;
  names.push_back(term.name.en);
  names.push_back(term.name.ko);
  return names;
}

bool contains(const std::string& text, const std::string& part) {
  return part.size() >= 3 && text.find(part) != std::string::npos;
}

// The terms with a name that holds the word, then those that are spelled almost like it.
std::vector<std::string> near_terms(const std::string& word) {
  const std::string wanted = plain(word);
  std::vector<std::string> near;
  std::vector<std::pair<std::string, std::string>> spelled;  // a name, the term's
  for (const Term& term : terms()) {
    const std::vector<std::string> names = names_of(term);
    const bool holds = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return contains(plain(name), wanted) || contains(wanted, plain(name));
    });
    if (holds) near.push_back(term.name.en);
    if (!holds) {
      for (const std::string& name : names) spelled.emplace_back(plain(name), term.name.en);
    }
  }
  while (near.size() < kMostNear) {
    std::vector<std::string_view> views;
    for (const auto& [name, term] : spelled) views.emplace_back(name);
    const std::string found = nearest(wanted, views);
    if (found.empty()) break;
    const auto at = std::find_if(spelled.begin(), spelled.end(), [&](const auto& pair) { return pair.first == found; });
    const std::string term = at->second;
    near.push_back(term);
    std::erase_if(spelled, [&](const auto& pair) { return pair.second == term; });
  }
  near.resize(std::min(near.size(), kMostNear));
  return near;
}

}  // namespace

std::span<const Term> terms() {
  static const std::vector<Term> list = read_terms();
  return list;
}

Result<const Term*> find_term(const std::string& word) {
  const std::string wanted = plain(word);
  for (const Term& term : terms()) {
    const std::vector<std::string> names = names_of(term);
    if (std::any_of(names.begin(), names.end(), [&](const std::string& name) { return plain(name) == wanted; })) {
      return &term;
    }
  }
  const std::vector<std::string> near = near_terms(word);
  return make_error(Code::NotFound, fmt::format("there is nothing written about \"{}\"", shorten(word, 60)),
                    near.empty() ? "`banchu explain` lists every word there is"
                                 : fmt::format("near to it: {}", fmt::join(near, ", ")));
}

}  // namespace banchu
