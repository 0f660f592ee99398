// explain: the words of the field and of banchu.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/terms.h"
#include "app/verbs.h"

namespace banchu {
namespace {

Json term_to_json(const Term& term) {
  return {{"term", term.name.en},
          {"korean", term.name.ko},
          {"also", term.also},
          {"meaning", term.meaning.en},
          {"meaning_ko", term.meaning.ko},
          {"example", term.example.en},
          {"example_ko", term.example.ko},
          {"where", term.where}};
}

void print_wrapped(const AppContext& context, const std::string& indent, const std::string& text) {
  for (const std::string& line : wrapped(text, context.out.columns() - indent.size() - 1)) context.print(indent + line);
}

void print_term(const AppContext& context, const Term& term) {
  const bool korean = context.language == Language::ko;
  const std::string& other = korean ? term.name.en : term.name.ko;
  context.print(fmt::format("{}  {}", context.out.paint(Style::bold, term.name.in(context.language)),
                            context.out.paint(Style::dim, other == term.name.in(context.language) ? "" : other)));
  print_wrapped(context, "  ", term.meaning.in(context.language));
  print_wrapped(context, "  ", context.said("Example: {}", term.example.in(context.language)));
  print_wrapped(context, "  ", context.said("Where: {}", term.where));
}

Result<int> list_terms(const AppContext& context) {
  Json list = Json::array();
  for (const Term& term : terms()) {
    list.push_back(term_to_json(term));
    context.print(pad_to(term.name.en, 26) + term.name.ko);
  }
  context.answer({{"terms", std::move(list)}});
  return 0;
}

Result<int> run_explain(AppContext& context, const std::vector<std::string>& words) {
  if (words.empty()) return list_terms(context);
  BANCHU_TRY(const Term* term, find_term(fmt::format("{}", fmt::join(words, " "))));
  context.answer(term_to_json(*term));
  print_term(context, *term);
  return 0;
}

}  // namespace

void add_explain_verbs(CLI::App& app, AppContext& context) {
  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* explain = add_verb(app, "explain", "What a word of the field or of banchu means",
                               "banchu explain early stopping\n  banchu --lang ko explain 과적합");
  explain->add_option("TERM", *words, "The word; without one, all of them");
  on_run(explain, context, [&context, words] { return run_explain(context, *words); });
}

}  // namespace banchu
