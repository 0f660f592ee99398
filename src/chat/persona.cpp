#include "chat/persona.h"

#include <fmt/format.h>

#include <array>

#include "base/file.h"
#include "base/text.h"
#include "base/yaml.h"
#include "chat/sampling_table.h"

namespace banchu {
namespace {

constexpr std::uint64_t kMaxPersonaBytes = 1u << 20;
constexpr std::size_t kMaxExamples = 64;
constexpr std::array<std::string_view, 6> kPersonaKeys = {"name",     "system",     "few_shot",
                                                          "sampling", "logit_bias", "stop"};
constexpr std::array<std::string_view, 2> kExampleKeys = {"user", "reply"};

std::vector<std::string_view> sampling_keys() {
  std::vector<std::string_view> keys;
  for (const Knob& knob : knobs()) keys.push_back(knob.name);
  keys.push_back("seed");
  return keys;
}

Error wrong_type(const std::string& what, std::string_view key, std::string_view wanted) {
  return make_error(Code::InvalidArgument, fmt::format("{}: {} must be {}", what, key, wanted),
                    wanted == "text" ? "put it in quotes" : "");
}

// Text, composed (NFC), so that the same Korean word is always the same bytes.
Result<std::string> text_of_value(const Json& value, const std::string& what, std::string_view key) {
  if (!value.is_string()) return wrong_type(what, key, "text");
  return nfc(value.get<std::string>());
}

Status read_text(const Json& root, const char* key, std::string& into, const std::string& what) {
  if (!root.contains(key) || root[key].is_null()) return {};
  BANCHU_TRY(into, text_of_value(root[key], what, key));
  return {};
}

Result<std::uint64_t> read_seed(const Json& value, const std::string& what) {
  if (value.is_number_integer() && value.get<std::int64_t>() >= 0) return value.get<std::uint64_t>();
  return wrong_type(what, "seed", "a whole number, 0 or larger");
}

Status read_few_shot(const Json& list, Persona& persona, const std::string& what) {
  if (!list.is_array()) return wrong_type(what, "few_shot", "a list of {user, reply}");
  if (list.size() > kMaxExamples) {
    return make_error(Code::InvalidArgument, fmt::format("{}: few_shot has {} examples", what, list.size()),
                      fmt::format("at most {}; three to five are enough for most masks", kMaxExamples));
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string place = fmt::format("few_shot[{}]", i);
    if (!list[i].is_object()) return wrong_type(what, place, "{user, reply}");
    BANCHU_TRY_STATUS(check_known_keys(list[i], kExampleKeys, what + ": " + place));
    BANCHU_TRY(std::string user, text_of_value(list[i].value("user", Json()), what, place + ".user"));
    BANCHU_TRY(std::string reply, text_of_value(list[i].value("reply", Json()), what, place + ".reply"));
    persona.few_shot.push_back({Role::user, std::move(user)});
    persona.few_shot.push_back({Role::assistant, std::move(reply)});
  }
  return {};
}

Status read_sampling(const Json& table, Persona& persona, const std::string& what) {
  if (!table.is_object()) return wrong_type(what, "sampling", "a table, as in {temperature: 0.7}");
  BANCHU_TRY_STATUS(check_known_keys(table, sampling_keys(), what + ": sampling"));
  for (const auto& [key, value] : table.items()) {
    if (key == "seed") {
      BANCHU_TRY(persona.seed, read_seed(value, what));
    } else {
      BANCHU_TRY_STATUS(set_knob(persona.sampling, *find_knob(key), value, what));
    }
  }
  return {};
}

Status read_bias(const Json& table, Persona& persona, const std::string& what) {
  if (!table.is_object()) return wrong_type(what, "logit_bias", "a table of words, as in {sorry: -100}");
  for (const auto& [word, bias] : table.items()) {
    BANCHU_TRY_STATUS(set_word_bias(persona.sampling, word, bias, what));
  }
  return {};
}

Status add_stop(Persona& persona, const std::string& stop, const std::string& what) {
  if (stop.empty()) return make_error(Code::InvalidArgument, what + ": a stop sequence is empty");
  if (persona.sampling.stop.size() >= kMaxStops) {
    return make_error(Code::InvalidArgument, fmt::format("{}: more than {} stop sequences", what, kMaxStops));
  }
  persona.sampling.stop.push_back(stop);
  return {};
}

Status read_stop(const Json& list, Persona& persona, const std::string& what) {
  if (!list.is_array()) return wrong_type(what, "stop", "a list of texts");
  for (const Json& item : list) {
    BANCHU_TRY(const std::string stop, text_of_value(item, what, "every stop sequence"));
    BANCHU_TRY_STATUS(add_stop(persona, stop, what));
  }
  return {};
}

std::string quoted(const std::string& text) { return to_line(Json(text)); }

}  // namespace

Result<Persona> persona_from_yaml(std::string_view yaml, const std::string& what) {
  BANCHU_TRY_STATUS(check_utf8(yaml, what));
  BANCHU_TRY(const Json root, parse_yaml(yaml, what));
  Persona persona;
  if (root.is_null()) return persona;
  if (!root.is_object()) return wrong_type(what, "a persona", "a table with name, system, few_shot ...");
  BANCHU_TRY_STATUS(check_known_keys(root, kPersonaKeys, what));
  BANCHU_TRY_STATUS(read_text(root, "name", persona.name, what));
  BANCHU_TRY_STATUS(read_text(root, "system", persona.system, what));
  using Reader = Status (*)(const Json&, Persona&, const std::string&);
  constexpr std::array<std::pair<const char*, Reader>, 4> kReaders = {
      {{"few_shot", read_few_shot}, {"sampling", read_sampling}, {"logit_bias", read_bias}, {"stop", read_stop}}};
  for (const auto& [key, read] : kReaders) {
    if (!root.contains(key) || root[key].is_null()) continue;
    BANCHU_TRY_STATUS(read(root[key], persona, what));
  }
  return persona;
}

Result<Persona> load_persona(const std::filesystem::path& path) {
  BANCHU_TRY(const std::string yaml, read_file(path, kMaxPersonaBytes));
  return persona_from_yaml(yaml, path.string());
}

std::string persona_to_yaml(const Persona& persona) {
  std::string yaml;
  if (!persona.name.empty()) yaml += fmt::format("name: {}\n", quoted(persona.name));
  if (!persona.system.empty()) yaml += fmt::format("system: {}\n", quoted(persona.system));
  if (!persona.few_shot.empty()) yaml += "few_shot:\n";
  for (std::size_t i = 0; i + 1 < persona.few_shot.size(); i += 2) {
    yaml += fmt::format("  - user: {}\n    reply: {}\n", quoted(persona.few_shot[i].content),
                        quoted(persona.few_shot[i + 1].content));
  }
  yaml += "sampling:\n";
  for (const Knob& knob : knobs()) yaml += fmt::format("  {}: {}\n", knob.name, format_knob(knob, persona.sampling));
  if (persona.seed) yaml += fmt::format("  seed: {}\n", *persona.seed);
  if (!persona.sampling.word_bias.empty()) yaml += "logit_bias:\n";
  for (const WordBias& bias : persona.sampling.word_bias)
    yaml += fmt::format("  {}: {:g}\n", quoted(bias.word), bias.bias);
  if (!persona.sampling.stop.empty()) yaml += "stop:\n";
  for (const std::string& stop : persona.sampling.stop) yaml += fmt::format("  - {}\n", quoted(stop));
  return yaml;
}

Status set_persona_value(Persona& persona, const std::string& key, const std::string& text) {
  constexpr std::string_view kBiasPrefix = "logit_bias.";
  BANCHU_TRY_STATUS(check_utf8(text, key));
  if (key == "name" || key == "system") {
    (key == "name" ? persona.name : persona.system) = nfc(text);
    return {};
  }
  if (key == "stop") {
    if (!text.empty()) return add_stop(persona, nfc(text), key);
    persona.sampling.stop.clear();
    return {};
  }
  BANCHU_TRY(const Json value, parse_yaml(text, key));
  if (key == "seed") {
    BANCHU_TRY(persona.seed, read_seed(value, key));
    return {};
  }
  if (key.starts_with(kBiasPrefix)) return set_word_bias(persona.sampling, key.substr(kBiasPrefix.size()), value, key);
  if (const Knob* knob = find_knob(key)) return set_knob(persona.sampling, *knob, value, key);
  std::vector<std::string_view> known = sampling_keys();
  known.insert(known.end(), {"name", "system", "stop", "logit_bias."});
  const std::string near = nearest(key, known);
  return make_error(Code::InvalidArgument, fmt::format("there is nothing called \"{}\" to set", key),
                    near.empty() ? "/show lists what can be set" : fmt::format("did you mean \"{}\"?", near));
}

}  // namespace banchu
