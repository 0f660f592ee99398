// memory list, show, add, edit, keep, strike, review.
#include <fmt/format.h>

#include "app/entry_text.h"
#include "app/open.h"
#include "app/review.h"
#include "app/review_walk.h"
#include "app/verbs.h"
#include "base/text.h"
#include "ruminate/ruminate.h"

namespace banchu {
namespace {

struct MemoryFlags {
  std::string id;
  std::string text;
};

void print_memory(const AppContext& context, const Memory& memory) {
  context.print(fmt::format("{}  {} {} {}", memory.id, pad_to(context.named(name_of(memory.kind)), 10),
                            pad_to(context.named(name_of(memory.state)), 10), shorten(memory.text, 100)));
}

Result<int> run_list(AppContext& context) {
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_only));
  BANCHU_TRY(const std::vector<Memory> memories, MemoryStore(*bag).list());
  BANCHU_TRY(const Waiting waiting, find_waiting(*bag));
  Json list = Json::array();
  Json entries = Json::array();
  for (const Memory& memory : memories) {
    list.push_back(memory_as_json(memory));
    print_memory(context, memory);
  }
  for (const Entry& entry : waiting.entries) entries.push_back(entry_as_json(entry));
  context.answer({{"memories", std::move(list)}, {"waiting", std::move(entries)}});
  if (memories.empty()) context.say("no memories yet; the night makes them, `banchu memory add TEXT` adds one");
  const std::size_t count = waiting.memories.size() + waiting.entries.size();
  if (count > 0) context.say("{} wait for your word: `banchu memory review`", count);
  return 0;
}

Result<int> run_show(AppContext& context, const MemoryFlags& flags) {
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_only));
  BANCHU_TRY(const Memory memory, MemoryStore(*bag).find(flags.id));
  context.answer(memory_as_json(memory));
  const Json json = memory_as_json(memory);
  for (const auto& [key, value] : json.items()) {
    const std::string shown = value.is_string() ? value.get<std::string>() : to_line(value);
    context.print(pad_to(context.named(key), 15) + (key == "text" ? shown : context.named(shown)));
  }
  return 0;
}

Result<int> run_add(AppContext& context, const MemoryFlags& flags) {
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_write));
  BANCHU_TRY(const Memory memory, MemoryStore(*bag).add(flags.text, now()));
  context.answer(memory_as_json(memory));
  print_memory(context, memory);
  return 0;
}

// A memory's id is made of what it says, so another text is another memory; the old one points to it.
Result<int> run_edit(AppContext& context, const MemoryFlags& flags) {
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_write));
  MemoryStore store(*bag);
  BANCHU_TRY(Memory old, store.find(flags.id));
  Memory edited;
  BANCHU_TRY_STATUS(bag->database().transaction([&]() -> Status {
    BANCHU_TRY(edited, store.add(flags.text, now()));
    if (edited.id == old.id) return {};
    old.state = MemoryState::superseded;
    old.superseded_by = edited.id;
    return store.put(old);
  }));
  context.answer(memory_as_json(edited));
  print_memory(context, edited);
  return 0;
}

Result<int> run_decide(AppContext& context, const MemoryFlags& flags, ReviewWord word) {
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_write));
  BANCHU_TRY(const std::string kind, decide(*bag, flags.id, word));
  const char* decision = word == ReviewWord::keep ? "kept" : "struck";
  context.answer({{"id", flags.id}, {"kind", kind}, {"decision", decision}});
  context.print(fmt::format("{} {}: {}", context.named(kind), flags.id, context.named(decision)));
  return 0;
}

using IdAction = Result<int> (*)(AppContext&, const MemoryFlags&);

void add_id_verb(CLI::App& group, AppContext& context, const std::string& name, const std::string& what,
                 IdAction action) {
  auto flags = std::make_shared<MemoryFlags>();
  CLI::App* verb = add_verb(group, name, what, fmt::format("banchu memory {} 3f9a", name));
  verb->add_option("ID", flags->id, "The beginning of the id is enough")->required();
  on_run(verb, context, [&context, flags, action] { return action(context, *flags); });
}

void add_text_verbs(CLI::App& group, AppContext& context) {
  auto flags = std::make_shared<MemoryFlags>();
  CLI::App* add = add_verb(group, "add", "Adds one, in your own words", "banchu memory add \"My cat is called Nabi.\"");
  add->add_option("TEXT", flags->text)->required();
  on_run(add, context, [&context, flags] { return run_add(context, *flags); });

  CLI::App* edit = add_verb(group, "edit", "Says it differently", "banchu memory edit 3f9a \"My cat is called Bori.\"");
  edit->add_option("ID", flags->id)->required();
  edit->add_option("TEXT", flags->text)->required();
  on_run(edit, context, [&context, flags] { return run_edit(context, *flags); });
}

}  // namespace

void add_memory_verbs(CLI::App& app, AppContext& context) {
  CLI::App* group = add_group(app, "memory", "What it holds, and what waits for your word", "banchu memory review");
  CLI::App* list = add_verb(*group, "list", "All memories", "banchu memory list --json");
  on_run(list, context, [&context] { return run_list(context); });
  add_id_verb(*group, context, "show", "One memory, whole", run_show);
  add_text_verbs(*group, context);
  add_id_verb(*group, context, "keep", "May be taught (a memory, or a turn that waits)",
              [](AppContext& at, const MemoryFlags& flags) { return run_decide(at, flags, ReviewWord::keep); });
  add_id_verb(*group, context, "strike", "Is never taught (a memory, or a turn)",
              [](AppContext& at, const MemoryFlags& flags) { return run_decide(at, flags, ReviewWord::strike); });
  CLI::App* review = add_verb(*group, "review", "Walks through what waits for approval", "banchu memory review");
  on_run(review, context, [&context] { return run_review(context); });
}

}  // namespace banchu
