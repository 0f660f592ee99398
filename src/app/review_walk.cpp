#include "app/review_walk.h"

#include <fmt/format.h>

#include "app/entry_text.h"
#include "app/line_editor.h"
#include "app/open.h"
#include "app/review.h"

namespace banchu {
namespace {

struct Tally {
  int kept = 0;
  int struck = 0;
  int later = 0;
  bool is_over = false;
};

void list_waiting(const AppContext& context, const Waiting& waiting) {
  Json memories = Json::array(), entries = Json::array();
  for (const Memory& memory : waiting.memories) {
    memories.push_back(memory_as_json(memory));
    context.say("memory {}  {}: {}", memory.id, context.named(name_of(memory.kind)), memory.text);
  }
  for (const Entry& entry : waiting.entries) {
    entries.push_back(entry_as_json(entry));
    context.say("turn {}  {}\n  {}\n  {}", entry.turn.id.substr(0, kShownIdDigits),
                entry_facts(entry, context.language), entry.turn.user, entry.turn.reply);
  }
  context.answer({{"memories", std::move(memories)}, {"entries", std::move(entries)}});
  if (waiting.empty()) context.print(context.named("nothing waits for you"));
}

// Asks until the answer is one of the four; the end of the input is "quit".
template <typename Thing>
Status ask(AppContext& context, LineEditor& editor, Bag& bag, const Thing& thing, Tally& tally) {
  while (true) {
    const std::optional<std::string> answer = editor.read(context.named("[k]eep, [s]trike, [l]ater, [q]uit? "));
    const char first = !answer ? 'q' : answer->empty() ? '?' : (*answer)[0];
    if (first == 'q') {
      tally.is_over = true;
      return {};
    }
    if (first != 'k' && first != 's' && first != 'l') continue;
    if (first == 'l') {
      ++tally.later;
      return {};
    }
    ++(first == 'k' ? tally.kept : tally.struck);
    return decide(bag, thing, first == 'k' ? ReviewWord::keep : ReviewWord::strike);
  }
}

Status walk(AppContext& context, Bag& bag, const Waiting& waiting, Tally& tally) {
  LineEditor editor(context);
  const std::size_t total = waiting.memories.size() + waiting.entries.size();
  std::size_t number = 0;
  for (const Memory& memory : waiting.memories) {
    if (tally.is_over) return {};
    context.print(fmt::format("\n{}/{}  {}: {}", ++number, total, context.named(name_of(memory.kind)), memory.text));
    BANCHU_TRY_STATUS(ask(context, editor, bag, memory, tally));
  }
  for (const Entry& entry : waiting.entries) {
    if (tally.is_over) return {};
    context.print(fmt::format("\n{}/{}  {}", ++number, total,
                              context.out.paint(Style::dim, entry_facts(entry, context.language))));
    context.print(fmt::format("  {} ▸ {}", context.named("you"), entry.turn.user));
    context.print(fmt::format("  {} ▸ {}", context.named("banchu"), entry.turn.reply));
    BANCHU_TRY_STATUS(ask(context, editor, bag, entry, tally));
  }
  return {};
}

}  // namespace

Result<int> run_review(AppContext& context) {
  const bool asks = !context.options.json && context.out.is_terminal();
  BANCHU_TRY(const std::unique_ptr<Bag> bag,
             open_bag(context, asks ? Bag::Access::read_write : Bag::Access::read_only));
  BANCHU_TRY(const Waiting waiting, find_waiting(*bag));
  if (!asks || waiting.empty()) {
    list_waiting(context, waiting);
    return 0;
  }
  Tally tally;
  BANCHU_TRY_STATUS(walk(context, *bag, waiting, tally));
  context.print(context.said("{} kept, {} struck, {} left for later", tally.kept, tally.struck, tally.later));
  return 0;
}

}  // namespace banchu
