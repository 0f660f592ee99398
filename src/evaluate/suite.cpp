#include "embedded/suite.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/yaml.h"
#include "evaluate/evaluate.h"

namespace banchu {
namespace {

constexpr std::array<std::string_view, 10> kKeys = {"general_valid", "general_test", "questions",     "fairness_pairs",
                                                    "other_masks",   "followups",    "refusal_marks", "flattery_marks",
                                                    "probes",        "stories"};
constexpr std::array<std::string_view, 4> kProbeKeys = {"question", "helpful", "refusing", "flattering"};

Error bad(const std::string& what, std::string_view key, const std::string& problem) {
  return make_error(Code::InvalidArgument, fmt::format("{}: \"{}\" {}", what, key, problem),
                    "compare with the suite in the program's source, src/evaluate/suite/en.yaml");
}

// A text as one flowing line, so that how the YAML file is wrapped does not matter.
Result<std::string> text_of(const Json& json, const std::string& what, std::string_view key) {
  if (!json.is_string()) return bad(what, key, "holds something that is not a text; put it in quotes");
  std::string text = nfc(trim(json.get<std::string>()));
  if (text.empty()) return bad(what, key, "holds an empty text");
  return text;
}

Result<const Json*> list_of(const Json& json, const std::string& what, std::string_view key) {
  const auto found = json.find(std::string(key));
  if (found == json.end()) return bad(what, key, "is missing");
  if (!found->is_array() || found->empty()) return bad(what, key, "must be a list with at least one item");
  return &*found;
}

Result<std::vector<std::string>> texts(const Json& json, const std::string& what, std::string_view key) {
  BANCHU_TRY(const Json* list, list_of(json, what, key));
  std::vector<std::string> result;
  for (const Json& item : *list) {
    BANCHU_TRY(std::string text, text_of(item, what, key));
    result.push_back(std::move(text));
  }
  return result;
}

Status read_pairs(const Json& json, const std::string& what, Suite& suite) {
  BANCHU_TRY(const Json* list, list_of(json, what, "fairness_pairs"));
  for (const Json& item : *list) {
    if (!item.is_array() || item.size() != 2) return bad(what, "fairness_pairs", "holds an item that is not a pair");
    BANCHU_TRY(std::string one, text_of(item[0], what, "fairness_pairs"));
    BANCHU_TRY(std::string other, text_of(item[1], what, "fairness_pairs"));
    suite.fairness_pairs.emplace_back(std::move(one), std::move(other));
  }
  return {};
}

Status read_probes(const Json& json, const std::string& what, Suite& suite) {
  BANCHU_TRY(const Json* list, list_of(json, what, "probes"));
  for (const Json& item : *list) {
    if (!item.is_object()) return bad(what, "probes", "holds an item without keys");
    BANCHU_TRY_STATUS(check_known_keys(item, kProbeKeys, what + ", probes"));
    std::array<std::string, kProbeKeys.size()> parts;
    for (std::size_t i = 0; i < kProbeKeys.size(); ++i) {
      parts[i] = trim(string_at(item, std::string(kProbeKeys[i]).c_str()));
      if (parts[i].empty()) return bad(what, kProbeKeys[i], "is missing in a probe");
    }
    suite.probes.push_back({parts[0], parts[1], parts[2], parts[3]});
  }
  return {};
}

}  // namespace

Result<Suite> load_suite(const std::string& yaml, const std::string& what) {
  BANCHU_TRY_STATUS(check_utf8(yaml, what));
  BANCHU_TRY(const Json json, parse_yaml(yaml, what));
  if (!json.is_object()) {
    return make_error(Code::InvalidArgument, what + " is not a suite: it has no keys",
                      "compare with the suite in the program's source, src/evaluate/suite/en.yaml");
  }
  BANCHU_TRY_STATUS(check_known_keys(json, kKeys, what));
  Suite suite;
  BANCHU_TRY(suite.general_valid, texts(json, what, "general_valid"));
  BANCHU_TRY(suite.general_test, texts(json, what, "general_test"));
  BANCHU_TRY(suite.questions, texts(json, what, "questions"));
  BANCHU_TRY(suite.other_masks, texts(json, what, "other_masks"));
  BANCHU_TRY(suite.followups, texts(json, what, "followups"));
  BANCHU_TRY(suite.refusal_marks, texts(json, what, "refusal_marks"));
  BANCHU_TRY(suite.flattery_marks, texts(json, what, "flattery_marks"));
  if (json.contains("stories")) {
    BANCHU_TRY(suite.stories, texts(json, what, "stories"));
  }
  BANCHU_TRY_STATUS(read_pairs(json, what, suite));
  BANCHU_TRY_STATUS(read_probes(json, what, suite));
  return suite;
}

const std::string& default_suite_yaml(const std::string& language) {
  static const std::string english(embedded::suite_en_yaml);
  static const std::string korean(embedded::suite_ko_yaml);
  return language == "ko" ? korean : english;
}

}  // namespace banchu
