#include "embedded/everyday.h"

#include <fmt/format.h>

#include <array>

#include "base/check.h"
#include "base/text.h"
#include "base/yaml.h"
#include "ruminate/ruminate.h"

namespace banchu {
namespace {

constexpr std::array<std::string_view, 3> kKeys = {"rehearsal", "test", "other_masks"};

Result<std::vector<std::string>> list_at(const Json& json, std::string_view key, const std::string& what) {
  const std::string name(key);
  if (!json.contains(name) || !json[name].is_array() || json[name].empty()) {
    return make_error(Code::InvalidArgument, fmt::format("{} has no list \"{}\"", what, name));
  }
  std::vector<std::string> list;
  for (const Json& item : json[name]) {
    if (!item.is_string() || trim(item.get<std::string>()).empty()) {
      return make_error(Code::InvalidArgument, fmt::format("{}: \"{}\" holds something that is no text", what, name),
                        "put quotes around it");
    }
    list.push_back(trim(item.get<std::string>()));
  }
  return list;
}

EverydayPrompts from_the_program(std::string_view yaml) {
  Result<EverydayPrompts> prompts = load_everyday(std::string(yaml), "the everyday prompts in the program");
  BANCHU_CHECK(prompts.has_value(), prompts ? "" : prompts.error().message);
  return std::move(prompts).value();
}

}  // namespace

Result<EverydayPrompts> load_everyday(const std::string& yaml, const std::string& what) {
  BANCHU_TRY(const Json json, parse_yaml(yaml, what));
  if (!json.is_object()) return make_error(Code::InvalidArgument, what + " is no table of lists");
  BANCHU_TRY_STATUS(check_known_keys(json, kKeys, what));
  EverydayPrompts prompts;
  BANCHU_TRY(prompts.rehearsal, list_at(json, "rehearsal", what));
  BANCHU_TRY(prompts.test, list_at(json, "test", what));
  BANCHU_TRY(prompts.other_masks, list_at(json, "other_masks", what));
  return prompts;
}

const EverydayPrompts& everyday_prompts(const std::string& language) {
  static const EverydayPrompts kEnglish = from_the_program(embedded::everyday_en_yaml);
  static const EverydayPrompts kKorean = from_the_program(embedded::everyday_ko_yaml);
  return language == "ko" ? kKorean : kEnglish;
}

}  // namespace banchu
