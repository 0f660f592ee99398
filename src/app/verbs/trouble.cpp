// trouble: what is known about a symptom, what went wrong on this machine, and both as Markdown for a board.
#include "app/trouble.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/trouble_log.h"
#include "app/verbs.h"
#include "base/file.h"
#include "base/text.h"

namespace banchu {
namespace {

struct TroubleFlags {
  std::vector<std::string> words;
  bool mine = false;
  bool forget = false;
  std::string markdown;
};

// What a question found.
struct Found {
  std::vector<const Trouble*> known;
  std::vector<KeptFailure> mine;
};

void print_wrapped(const AppContext& context, const std::string& indent, const std::string& text) {
  for (const std::string& line : wrapped(text, context.out.columns() - indent.size() - 1)) context.print(indent + line);
}

std::string symptom_of(const AppContext& context, const KeptFailure& failure) {
  return translated(failure.symptom, context.language);
}

// The hint that stood below the error, or the cure of the known trouble.
std::string cure_of(const AppContext& context, const KeptFailure& failure) {
  const Trouble* known = find_trouble(failure.trouble);
  return known != nullptr ? known->cure.in(context.language) : translated(failure.advice, context.language);
}

void print_trouble(const AppContext& context, const Trouble& trouble) {
  context.print(context.out.paint(Style::bold, trouble.id));
  print_wrapped(context, "  ", trouble.symptom.in(context.language));
  print_wrapped(context, "  ", context.said("Why: {}", trouble.cause.in(context.language)));
  print_wrapped(context, "  ", context.said("Cure: {}", trouble.cure.in(context.language)));
  if (!trouble.where.empty()) print_wrapped(context, "  ", context.said("More: {}", trouble.where));
}

void print_failure(const AppContext& context, const KeptFailure& failure) {
  context.print(fmt::format("{}  {}  {}", failure.day, context.out.paint(Style::bold, failure.verb),
                            context.said("{} times", failure.times)));
  print_wrapped(context, "  ", symptom_of(context, failure));
  print_wrapped(context, "  ", context.said("Cure: {}", cure_of(context, failure)));
  print_wrapped(context, "  ", fmt::format("banchu {} · {} · {}", failure.version, failure.machine, failure.code));
}

std::string text_of(const Trouble& trouble) {
  std::string text = trouble.id;
  for (const BothLanguages* part : {&trouble.symptom, &trouble.symptom, &trouble.cause, &trouble.cure})
    text += " " + part->en + " " + part->ko;  // the symptom counts twice
  return text;
}

Result<Found> look_up(const std::string& symptom) {
  Found found;
  if (const Trouble* exact = find_trouble(symptom)) {
    found.known.push_back(exact);
    return found;
  }
  BANCHU_TRY(const std::vector<KeptFailure> mine, kept_failures());
  std::vector<std::string> texts;
  for (const Trouble& trouble : troubles()) texts.push_back(text_of(trouble));
  for (const KeptFailure& failure : mine)
    texts.push_back(failure.symptom + " " + translated(failure.symptom, Language::ko));
  BANCHU_TRY(const std::vector<std::size_t> places, search_texts(texts, symptom));
  for (const std::size_t place : places) {
    if (place < troubles().size()) {
      found.known.push_back(&troubles()[place]);
    } else {
      found.mine.push_back(mine[place - troubles().size()]);
    }
  }
  if (!places.empty()) return found;
  return make_error(Code::NotFound, fmt::format("no known trouble is like \"{}\"", shorten(symptom, 60)),
                    "`banchu trouble` lists all of them; `banchu doctor` looks at this machine");
}

Result<Found> asked_for(const TroubleFlags& flags) {
  if (!flags.words.empty()) return look_up(fmt::format("{}", fmt::join(flags.words, " ")));
  Found found;
  BANCHU_TRY(found.mine, kept_failures());
  if (flags.mine) return found;
  for (const Trouble& trouble : troubles()) found.known.push_back(&trouble);
  return found;
}

std::string markdown(const AppContext& context, const Found& found) {
  std::string text;
  for (const Trouble* trouble : found.known) {
    text += fmt::format("### {}\n\n{}\n\n- **{}** {}\n- **{}** {}\n\n", trouble->id,
                        trouble->symptom.in(context.language), context.said("Why"), trouble->cause.in(context.language),
                        context.said("Cure"), trouble->cure.in(context.language));
  }
  for (const KeptFailure& failure : found.mine) {
    text += fmt::format("### {}\n\n`banchu {}` · banchu {} · {} · {} · {} · {}\n\n- **{}** {}\n\n",
                        symptom_of(context, failure), failure.verb, failure.version, failure.machine, failure.code,
                        failure.day, context.said("{} times", failure.times), context.said("Cure"),
                        cure_of(context, failure));
  }
  return text;
}

Json found_to_json(const Found& found) {
  Json known = Json::array(), mine = Json::array();
  for (const Trouble* trouble : found.known) known.push_back(trouble_to_json(*trouble));
  for (const KeptFailure& failure : found.mine) mine.push_back(failure_to_json(failure));
  return {{"known", std::move(known)}, {"mine", std::move(mine)}};
}

// Without a symptom: a line for each.
void print_list(const AppContext& context, const Found& found) {
  for (const Trouble* trouble : found.known) {
    const std::string line = trouble->symptom.in(context.language);
    bool first = true;
    for (const std::string& part : wrapped(line, context.out.columns() - 25)) {
      context.print(pad_to(first ? trouble->id : "", 24) + part);
      first = false;
    }
  }
  if (!found.mine.empty())
    context.say("{} kinds of failures of this machine are kept: banchu trouble --mine", found.mine.size());
}

Result<int> run_trouble(AppContext& context, const TroubleFlags& flags) {
  if (flags.forget) {
    BANCHU_TRY_STATUS(forget_failures());
    context.say("the kept failures are gone");
    context.answer({{"forgotten", true}});
    return 0;
  }
  BANCHU_TRY(const Found found, asked_for(flags));
  context.answer(found_to_json(found));
  if (!flags.markdown.empty()) {
    BANCHU_TRY_STATUS(write_file_atomic(flags.markdown, markdown(context, found)));
    context.say("written to {}: no content, no names", flags.markdown);
    return 0;
  }
  if (flags.words.empty() && !flags.mine) {
    print_list(context, found);
    return 0;
  }
  for (const Trouble* trouble : found.known) print_trouble(context, *trouble);
  for (const KeptFailure& failure : found.mine) print_failure(context, failure);
  if (found.known.empty() && found.mine.empty()) context.say("nothing has gone wrong here yet");
  return 0;
}

}  // namespace

void add_trouble_verbs(CLI::App& app, AppContext& context) {
  auto flags = std::make_shared<TroubleFlags>();
  CLI::App* trouble = add_verb(app, "trouble", "What is known about a symptom, and what helps",
                               "banchu trouble night is slow\n  banchu --lang ko trouble 밤이 느려요");
  trouble->add_option("SYMPTOM", flags->words, "What you see; without it, all that is known");
  trouble->add_flag("--mine", flags->mine, "What went wrong on this machine: kinds only, no content, no names");
  trouble->add_flag("--forget", flags->forget, "Forgets what went wrong on this machine");
  trouble->add_option("--markdown", flags->markdown, "Writes it as Markdown, for a discussion board")
      ->type_name("FILE");
  on_run(trouble, context, [&context, flags] { return run_trouble(context, *flags); });
}

}  // namespace banchu
