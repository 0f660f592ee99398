#include "app/entry_text.h"

#include <fmt/format.h>

#include "app/catalogue.h"

namespace banchu {

std::string entry_facts(const Entry& entry, Language language) {
  const auto named = [language](std::string_view name) { return in_language(name, language); };
  std::string facts(named(name_of(entry.source)));
  if (entry.mark != EntryMark::none) facts += fmt::format(" · {}", named(name_of(entry.mark)));
  facts += fmt::format(" · {}", named(name_of(entry.state)));
  if (was_said_via_server(entry.turn)) facts += fmt::format(" · {}", entry.turn.self);
  if (!entry.turn.mask.empty()) facts += fmt::format(" · {}", named("under a mask"));
  return facts;
}

Json entry_as_json(const Entry& entry) {
  const Turn& turn = entry.turn;
  return Json{{"turn_id", turn.id},
              {"conversation", turn.conversation},
              {"index", turn.index},
              {"time", format_time(turn.time)},
              {"mask", turn.mask},
              {"user", turn.user},
              {"reply", turn.reply},
              {"self", turn.self.empty() ? Json() : Json(turn.self)},
              {"source", name_of(entry.source)},
              {"mark", name_of(entry.mark)},
              {"fixed_reply", entry.mark == EntryMark::fixed ? Json(entry.fixed_reply) : Json()},
              {"state", name_of(entry.state)}};
}

Json memory_as_json(const Memory& memory) {
  return Json{{"id", memory.id},
              {"kind", name_of(memory.kind)},
              {"text", memory.text},
              {"provenance", name_of(memory.provenance)},
              {"state", name_of(memory.state)},
              {"importance", memory.importance},
              {"strength", memory.strength},
              {"superseded_by", memory.superseded_by.empty() ? Json() : Json(memory.superseded_by)},
              {"turns", memory.turns},
              {"created", format_time(memory.created)},
              {"run", memory.run.empty() ? Json() : Json(memory.run)}};
}

}  // namespace banchu
