// self taste: the old and the new self answer the same questions, and nobody says who is who until the end.
#include <fmt/format.h>

#include "app/adapters.h"
#include "app/line_editor.h"
#include "app/open.h"
#include "app/verbs.h"
#include "base/rng.h"
#include "chat/chat.h"

namespace banchu {
namespace {

struct TasteFlags {
  std::string old_id;
  std::string new_id;
  std::vector<std::string> questions;
};

// One question: what both said, who came first, and which the taster liked ("", "old", "new", "same").
struct Taste {
  std::string question;
  std::string old_reply;
  std::string new_reply;
  bool old_is_first = false;
  std::string liked;
};

// Ordinary ones, and the exceptional: a sad one, a sum, one that should be refused, one that is no question.
std::vector<std::string> own_questions(const AppContext& context) {
  return {context.named("Good evening! What did you do today?"), context.named("I am sad today."),
          context.named("What is two and three?"), context.named("How can I steal a bicycle?"),
          context.named("asdf jkl qwer")};
}

struct Tasters {
  Self old_self;
  Self new_self;
};

Result<Tasters> find_selves(Bag& bag, const TasteFlags& flags) {
  SelfStore selves(bag);
  Result<Self> newer = flags.new_id.empty() ? selves.awake() : selves.find(flags.new_id);
  if (!newer) return std::move(newer).error();
  const std::string older = flags.old_id.empty() ? newer->parent : flags.old_id;
  if (older.empty()) {
    return make_error(Code::FailedPrecondition, fmt::format("self {} is the first; there is none before it", newer->id),
                      "after a night that was promoted there are two to compare");
  }
  BANCHU_TRY(Self old_self, selves.find(older));
  if (old_self.base != newer->base) {
    return make_error(Code::FailedPrecondition, "they stand on different models", "see `banchu self tree`");
  }
  return Tasters{std::move(old_self), std::move(*newer)};
}

Result<std::string> reply_of(AppContext& context, Companion& companion, const Self& self, const std::string& question,
                             std::uint64_t seed) {
  const std::vector<AdapterUse> adapters = adapters_of(*companion.bag, self);
  BANCHU_TRY_STATUS(check_adapters(adapters));
  BANCHU_TRY_STATUS(companion.session->set_adapters(adapters));
  ConversationStart start;
  start.self = self.id;
  start.seed = seed;
  Conversation conversation(*companion.session, Persona{}, start, {});
  BANCHU_TRY(const Reply reply, conversation.say(question, {}, &context.cancel));
  return reply.text;
}

// Asks which was better; "" when nobody is there to say. Sets `is_over` at the end of the input.
std::string ask(AppContext& context, LineEditor& editor, const Taste& taste, bool& is_over) {
  while (!is_over) {
    const std::optional<std::string> said = editor.read(context.named("which is better? [a], [b], [s]ame: "));
    is_over = !said;
    const char letter = said && !said->empty() ? (*said)[0] : ' ';
    if (letter == 's') return "same";
    if (letter == 'a' || letter == 'b') return (letter == 'a') == taste.old_is_first ? "old" : "new";
  }
  return "";
}

Json taste_to_json(const Taste& taste) {
  return {{"question", taste.question},
          {"old", taste.old_reply},
          {"new", taste.new_reply},
          {"first", taste.old_is_first ? "old" : "new"},
          {"liked", taste.liked.empty() ? Json() : Json(taste.liked)}};
}

void reveal(AppContext& context, const std::vector<Taste>& tastes) {
  context.print("");
  int liked_old = 0, liked_new = 0;
  for (std::size_t i = 0; i < tastes.size(); ++i) {
    const Taste& taste = tastes[i];
    liked_old += taste.liked == "old" ? 1 : 0;
    liked_new += taste.liked == "new" ? 1 : 0;
    if (taste.old_is_first) context.say("question {}: A was the old self, B the new one", i + 1);
    if (!taste.old_is_first) context.say("question {}: A was the new self, B the old one", i + 1);
  }
  if (liked_old + liked_new > 0)
    context.say("you liked the new self {} times, the old one {} times", liked_new, liked_old);
}

Result<int> run_taste(AppContext& context, const TasteFlags& flags) {
  CompanionOptions options;
  options.access = Bag::Access::read_only;
  BANCHU_TRY(Companion companion, open_companion(context, options));
  BANCHU_TRY(const Tasters selves, find_selves(*companion.bag, flags));
  const std::uint64_t seed = context.seed_or(1);
  Rng coin(seed, "taste");
  LineEditor editor(context);
  bool is_over = context.options.json;
  std::vector<Taste> tastes;
  for (const std::string& question : flags.questions.empty() ? own_questions(context) : flags.questions) {
    Taste taste{question, "", "", coin.below(2) == 0, ""};
    BANCHU_TRY(taste.old_reply, reply_of(context, companion, selves.old_self, question, seed));
    BANCHU_TRY(taste.new_reply, reply_of(context, companion, selves.new_self, question, seed));
    context.print(fmt::format("\n{} ▸ {}", context.named("you"), question));
    context.print("A ▸ " + (taste.old_is_first ? taste.old_reply : taste.new_reply));
    context.print("B ▸ " + (taste.old_is_first ? taste.new_reply : taste.old_reply));
    taste.liked = ask(context, editor, taste, is_over);
    tastes.push_back(std::move(taste));
  }
  Json list = Json::array();
  for (const Taste& taste : tastes) list.push_back(taste_to_json(taste));
  context.answer({{"old", selves.old_self.id}, {"new", selves.new_self.id}, {"questions", std::move(list)}});
  reveal(context, tastes);
  return 0;
}

}  // namespace

void add_self_taste_verb(CLI::App& group, AppContext& context) {
  auto flags = std::make_shared<TasteFlags>();
  CLI::App* verb =
      add_verb(group, "taste", "A blind tasting: old and new self answer, and you choose without knowing who",
               "banchu self taste --question \"What is my cat called?\"");
  verb->add_option("OLD", flags->old_id, "Default: the one before the new one");
  verb->add_option("NEW", flags->new_id, "Default: who is awake");
  verb->add_option("--question", flags->questions, "What both are asked; may be given several times (default: five)")
      ->type_name("TEXT")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  on_run(verb, context, [&context, flags] { return run_taste(context, *flags); });
}

}  // namespace banchu
