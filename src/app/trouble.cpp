#include "app/trouble.h"

#include <algorithm>

#include "app/catalogue.h"
#include "base/check.h"
#include "base/yaml.h"
#include "embedded/troubles.h"

namespace banchu {
namespace {

BothLanguages both(const Json& json, const char* key) {
  const Json pair = json.value(key, Json::object());
  return {string_at(pair, "en"), string_at(pair, "ko")};
}

std::vector<Trouble> read_troubles() {
  const Result<Json> table = parse_yaml(embedded::troubles_troubles_yaml, "the troubles in the program");
  BANCHU_CHECK(table.has_value() && table->is_object(), table ? "no table" : table.error().message);
  std::vector<Trouble> list;
  for (const auto& [id, json] : table->items()) {
    list.push_back({id, both(json, "symptom"), both(json, "cause"), both(json, "cure"), {}, string_at(json, "where")});
    for (const Json& error : json.value("errors", Json::array()))
      list.back().errors.push_back(error.get<std::string>());
  }
  return list;
}

const Trouble* trouble_with_row(const std::vector<std::string>& rows) {
  for (const std::string& row : rows) {
    for (const Trouble& trouble : troubles()) {
      if (std::count(trouble.errors.begin(), trouble.errors.end(), row) > 0) return &trouble;
    }
  }
  return nullptr;
}

}  // namespace

std::span<const Trouble> troubles() {
  static const std::vector<Trouble> list = read_troubles();
  return list;
}

const Trouble* find_trouble(const std::string& id) {
  for (const Trouble& trouble : troubles()) {
    if (trouble.id == id) return &trouble;
  }
  return nullptr;
}

const Trouble* trouble_behind(const Error& error) {
  const Trouble* found = trouble_with_row(kind_of(error.message).rows);
  return found != nullptr ? found : trouble_with_row(kind_of(error.hint).rows);
}

Json trouble_to_json(const Trouble& trouble) {
  return {{"id", trouble.id},           {"symptom", trouble.symptom.en}, {"symptom_ko", trouble.symptom.ko},
          {"cause", trouble.cause.en},  {"cause_ko", trouble.cause.ko},  {"cure", trouble.cure.en},
          {"cure_ko", trouble.cure.ko}, {"where", trouble.where}};
}

}  // namespace banchu
