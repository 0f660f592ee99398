// journal add, show, export, mirror.
#include "journal/journal.h"

#include <fmt/format.h>

#include <limits>

#include "app/entry_text.h"
#include "app/first_lessons.h"
#include "app/open.h"
#include "app/verbs.h"
#include "base/file.h"

namespace banchu {
namespace {

struct JournalFlags {
  std::string id;
  std::string to;
  int last = 0;
  bool force = false;
};

Result<int> run_add(AppContext& context, const FirstLessonFlags& flags) {
  if (is_first_data(flags.file)) return add_first_lessons(context, flags);
  if (flags.preview || flags.review || flags.sample > 0)
    return make_error(Code::InvalidArgument, "--preview, --review and --sample are for tables and folders of texts",
                      "a .jsonl file says itself what is approved");
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_write));
  BANCHU_TRY(const Journal::Added added, Journal(*bag).add_jsonl(flags.file));
  context.answer(
      {{"conversations", added.conversations}, {"turns", added.turns}, {"already_there", added.already_there}});
  context.say("{} conversations with {} turns added", added.conversations, added.turns);
  if (added.already_there > 0) context.say("{} were there already", added.already_there);
  return 0;
}

void print_entry(const AppContext& context, const Entry& entry, std::string& conversation) {
  if (entry.turn.conversation != conversation) {
    conversation = entry.turn.conversation;
    context.print(fmt::format("\n{}  {}", context.out.paint(Style::bold, conversation), format_time(entry.turn.time)));
  }
  context.print(fmt::format("  {}  {}", entry.turn.id.substr(0, kShownIdDigits),
                            context.out.paint(Style::dim, entry_facts(entry, context.language))));
  context.print(fmt::format("    {} ▸ {}", context.named("you"), entry.turn.user));
  context.print(fmt::format("    {} ▸ {}", context.named("banchu"), entry.turn.reply));
  if (entry.mark == EntryMark::fixed) context.say("    fixed ▸ {}", entry.fixed_reply);
}

Result<int> run_show(AppContext& context, const JournalFlags& flags) {
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_only));
  BANCHU_TRY(std::vector<Entry> entries, Journal(*bag).entries());
  if (!flags.id.empty()) {
    std::erase_if(entries, [&](const Entry& entry) {
      return !entry.turn.id.starts_with(flags.id) && !entry.turn.conversation.starts_with(flags.id);
    });
    if (entries.empty()) {
      return make_error(Code::NotFound, fmt::format("no turn and no conversation \"{}\"", flags.id),
                        "`banchu journal show` lists them");
    }
  }
  const auto wanted = static_cast<std::size_t>(flags.last);
  if (wanted > 0 && entries.size() > wanted) entries.erase(entries.begin(), entries.end() - flags.last);
  Json list = Json::array();
  std::string conversation;
  for (const Entry& entry : entries) {
    list.push_back(entry_as_json(entry));
    print_entry(context, entry, conversation);
  }
  context.answer({{"entries", std::move(list)}});
  if (entries.empty()) context.say("the journal is empty; `banchu chat` fills it, `banchu journal add FILE.jsonl` too");
  return 0;
}

Result<int> run_export(AppContext& context, const JournalFlags& flags) {
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_only));
  BANCHU_TRY(const std::string jsonl, Journal(*bag).export_jsonl());
  if (!flags.to.empty()) {
    std::error_code failure;
    if (!flags.force && std::filesystem::exists(flags.to, failure)) {
      return make_error(Code::AlreadyExists, flags.to + " is there already",
                        "choose another name with --to, or replace it with --force");
    }
    BANCHU_TRY_STATUS(write_file_atomic(flags.to, jsonl));
    context.answer({{"file", flags.to}, {"bytes", jsonl.size()}});
    context.say("written to {} ({} bytes)", flags.to, jsonl.size());
    return 0;
  }
  context.answer({{"jsonl", jsonl}});
  if (!context.options.json) context.out.write(jsonl);
  return 0;
}

Result<int> run_mirror(AppContext& context) {
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_write));
  BANCHU_TRY(const int written, Journal(*bag).repair_mirror());
  context.answer({{"written", written}});
  context.say("{} lines written again; the text files say what the bag says", written);
  return 0;
}

}  // namespace

void add_journal_verbs(CLI::App& app, AppContext& context) {
  CLI::App* group = add_group(app, "journal", "What was said, and days kept elsewhere", "banchu journal show --last 5");
  auto flags = std::make_shared<JournalFlags>();

  CLI::App* add = add_verb(*group, "add", "Brings in conversations, a table of questions and answers, or texts",
                           "banchu journal add samples/en/day1.jsonl");
  auto first = std::make_shared<FirstLessonFlags>();
  add->add_option(
         "FILE", first->file,
         "One conversation a line: {\"messages\":[{\"role\",\"content\"}...],\"meta\":{\"time\",\"approved\"}}; "
         "or a .csv or .tsv with two columns; or a folder of .txt and .md")
      ->required();
  add->add_flag("--preview", first->preview, "Only shows what a table or a folder would become");
  add->add_flag("--review", first->review, "They wait for your word instead of being approved");
  add->add_option("--sample", first->sample, "So many lessons of a large table, drawn evenly")
      ->check(CLI::Range(1, 10000))
      ->type_name("N");
  on_run(add, context, [&context, first] { return run_add(context, *first); });

  CLI::App* show = add_verb(*group, "show", "Shows what was kept", "banchu journal show --last 5");
  show->add_option("ID", flags->id, "Only this turn or conversation (the beginning of its id is enough)");
  show->add_option("--last", flags->last, "Only the newest N turns")
      ->check(CLI::Range(0, std::numeric_limits<int>::max()));
  on_run(show, context, [&context, flags] { return run_show(context, *flags); });

  CLI::App* out = add_verb(*group, "export", "Writes the journal in the format that `journal add` reads",
                           "banchu journal export > journal.jsonl");
  out->add_option("--to", flags->to, "A file instead of stdout")->type_name("FILE");
  out->add_flag("--force", flags->force, "Replaces what is there");
  on_run(out, context, [&context, flags] { return run_export(context, *flags); });

  on_run(add_verb(*group, "mirror", "Writes the text files in memory_core/journal again where they lack something",
                  "banchu journal mirror"),
         context, [&context] { return run_mirror(context); });
}

}  // namespace banchu
