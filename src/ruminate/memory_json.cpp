#include "ruminate/memory_json.h"

#include <fmt/format.h>

#include <optional>

namespace banchu {
namespace {

template <typename Word>
std::optional<Word> word_of(const std::string& name, Word last) {
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    if (name == name_of(static_cast<Word>(i))) return static_cast<Word>(i);
  }
  return std::nullopt;
}

std::vector<std::string> strings_at(const Json& json, const char* key) {
  std::vector<std::string> strings;
  if (!json.contains(key) || !json[key].is_array()) return strings;
  for (const Json& item : json[key]) {
    if (item.is_string()) strings.push_back(item.get<std::string>());
  }
  return strings;
}

Json behaviour_to_json(const Behaviour& behaviour) {
  return Json{{"kind", name_of(behaviour.kind)},
              {"expected", behaviour.expected},
              {"questions", behaviour.questions},
              {"answers", behaviour.answers},
              {"not_expected", behaviour.not_expected}};
}

}  // namespace

Json memory_to_json(const Memory& memory) {
  return Json{{"id", memory.id},
              {"kind", name_of(memory.kind)},
              {"text", memory.text},
              {"provenance", name_of(memory.provenance)},
              {"state", name_of(memory.state)},
              {"importance", memory.importance},
              {"strength", memory.strength},
              {"created", memory.created},
              {"recalled", memory.recalled},
              {"superseded_by", memory.superseded_by},
              {"turns", memory.turns},
              {"behaviour", behaviour_to_json(memory.behaviour)},
              {"run", memory.run}};
}

Result<Memory> memory_from_json(const Json& json) {
  const auto kind = word_of(string_at(json, "kind"), MemoryKind::correction);
  const auto provenance = word_of(string_at(json, "provenance"), Provenance::confirmed);
  const auto state = word_of(string_at(json, "state"), MemoryState::engraved);
  const Json behaviour = json.is_object() && json.contains("behaviour") ? json["behaviour"] : Json::object();
  const auto behaviour_kind = word_of(string_at(behaviour, "kind"), BehaviourKind::as_masked);
  if (!kind || !provenance || !state || !behaviour_kind || string_at(json, "id").empty()) {
    return make_error(Code::Corruption,
                      fmt::format("the memory \"{}\" in the bag cannot be read", string_at(json, "id", "?")),
                      "run `banchu bag verify`");
  }
  Memory memory;
  memory.id = string_at(json, "id");
  memory.kind = *kind;
  memory.text = string_at(json, "text");
  memory.provenance = *provenance;
  memory.state = *state;
  memory.importance = number_at(json, "importance", 0.5);
  memory.strength = number_at(json, "strength", 1);
  memory.created = static_cast<Time>(number_at(json, "created"));
  memory.recalled = static_cast<Time>(number_at(json, "recalled"));
  memory.superseded_by = string_at(json, "superseded_by");
  memory.turns = strings_at(json, "turns");
  memory.behaviour = {*behaviour_kind, string_at(behaviour, "expected"), strings_at(behaviour, "questions"),
                      strings_at(behaviour, "answers"), string_at(behaviour, "not_expected")};
  memory.run = string_at(json, "run");
  return memory;
}

}  // namespace banchu
