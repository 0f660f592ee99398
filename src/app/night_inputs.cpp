#include "app/night_inputs.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/file.h"
#include "base/text.h"
#include "journal/journal.h"

namespace banchu {
namespace {

constexpr std::size_t kEngravedPrompts = 40;
constexpr std::uint64_t kTextsLimitBytes = 4u << 20;

// Korean when at least a third of the letters that the user typed are Hangul.
std::string language_of(const std::vector<Entry>& entries) {
  std::size_t letters = 0, hangul = 0;
  for (const Entry& entry : entries) {
    for (const char32_t c : code_points(entry.turn.user)) {
      letters += is_word_character(c) ? 1 : 0;
      hangul += is_hangul(c) ? 1 : 0;
    }
  }
  return hangul * 3 >= letters && hangul > 0 ? "ko" : "en";
}

Json entry_to_key(const Entry& entry) {
  const Turn& turn = entry.turn;
  Json few_shot = Json::array();
  for (const Message& message : turn.few_shot) few_shot.push_back(message.content);
  Json key = {turn.time,           turn.index,       turn.mask, few_shot, turn.user, turn.reply, name_of(entry.source),
              name_of(entry.mark), entry.fixed_reply};
  if (was_said_via_server(turn)) key.push_back(turn.self);
  return key;
}

}  // namespace

Result<NightTexts> load_night_texts(const Recipe& recipe, const std::vector<Entry>& entries) {
  NightTexts texts;
  texts.language = recipe.language.empty() ? language_of(entries) : recipe.language;
  std::string suite_yaml = default_suite_yaml(texts.language);
  std::string everyday_yaml;
  if (!recipe.suite.empty()) {
    BANCHU_TRY(suite_yaml, read_file(recipe.suite, kTextsLimitBytes));
  }
  BANCHU_TRY(texts.suite, load_suite(suite_yaml, recipe.suite.empty() ? "the suite" : recipe.suite.string()));
  texts.everyday = everyday_prompts(texts.language);
  if (!recipe.everyday.empty()) {
    BANCHU_TRY(everyday_yaml, read_file(recipe.everyday, kTextsLimitBytes));
    BANCHU_TRY(texts.everyday, load_everyday(everyday_yaml, recipe.everyday.string()));
  }
  texts.digest = sha256(sha256(suite_yaml) + sha256(everyday_yaml));
  return texts;
}

std::string night_key(const Self& awake, const std::vector<Entry>& entries, const std::vector<Memory>& known,
                      const NightRequest& request, const NightTexts& texts) {
  Json key;
  key["self"] = awake.id;
  key["entries"] = Json::array();
  for (const Entry& entry : entries) key["entries"].push_back(entry_to_key(entry));
  key["memories"] = Json::array();
  for (const Memory& memory : known) key["memories"].push_back({memory.id, name_of(memory.state)});
  key["recipe"] = recipe_to_json(request.recipe);
  key["recipe"].erase("memory_limit_mb");  // a night that ran out of memory goes on with less, as the same night
  key["texts"] = texts.digest;
  key["seed"] = request.seed;
  key["threads"] = request.threads;
  return sha256(to_line(key));
}

bool nothing_to_teach(const Chewed& chewed) {
  for (const Reason reason : {Reason::kept, Reason::mask_worn, Reason::user_fact, Reason::approved, Reason::fixed}) {
    if (chewed.count(reason) > 0) return false;
  }
  // A fact added by hand makes a night of its own; one that a night has tried comes along with other lessons only.
  return std::none_of(chewed.memories.begin(), chewed.memories.end(), [](const Memory& memory) {
    const bool is_fact = memory.behaviour.kind == BehaviourKind::answers;
    return is_fact && memory.state == MemoryState::active && memory.run.empty();
  });
}

std::vector<LessonTest> tests_of_engraved(const std::vector<Memory>& known, const EverydayPrompts& everyday) {
  std::vector<LessonTest> tests;
  for (const Memory& memory : known) {
    if (memory.state != MemoryState::engraved) continue;
    LessonTest test{memory.id, memory.behaviour, {}, {}};
    const BehaviourKind kind = memory.behaviour.kind;
    if (kind == BehaviourKind::opens_with || kind == BehaviourKind::closes_with) {
      for (const std::string& prompt : everyday.test) {
        if (test.test_prompts.size() < kEngravedPrompts) test.test_prompts.push_back({{Role::user, prompt}});
      }
    } else if (kind == BehaviourKind::answers) {
      const std::vector<std::string>& questions = memory.behaviour.questions;
      for (std::size_t i = questions.size() - questions.size() / 3; i < questions.size(); ++i) {
        test.test_prompts.push_back({{Role::user, questions[i]}});
      }
    }
    if (!test.test_prompts.empty()) tests.push_back(std::move(test));
  }
  return tests;
}

bool is_learned(const Memory& memory, const Report& report) {
  if (memory.behaviour.kind != BehaviourKind::answers) return true;
  return std::any_of(report.checks.begin(), report.checks.end(),
                     [](const Check& check) { return check.name == "answers" && check.after >= check.limit; });
}

Json lesson_counts(const Lessons& lessons) {
  return Json{{"distill", lessons.count(RowKind::distill)},
              {"sft", lessons.count(RowKind::sft)},
              {"rehearsal", lessons.count(RowKind::rehearsal)},
              {"preference", lessons.count(RowKind::preference)},
              {"train", lessons.train.rows().size()},
              {"valid", lessons.valid.rows().size()},
              {"test", lessons.test.rows().size()}};
}

Json train_to_json(const TrainOutcome& trained, const std::string& adapter_digest) {
  Json curve = Json::array();
  for (const TrainPoint& point : trained.curve) {
    Json row{{"step", point.step}, {"loss", point.loss}, {"learning_rate", point.learning_rate}};
    if (std::isfinite(point.valid_loss)) row["valid_loss"] = point.valid_loss;
    if (std::isfinite(point.valid_loss_of_mean)) row["valid_loss_of_mean"] = point.valid_loss_of_mean;
    curve.push_back(std::move(row));
  }
  return Json{{"steps", trained.steps},
              {"tokens", trained.tokens},
              {"tokens_per_second", trained.tokens_per_second},
              {"loss_first", trained.loss_first},
              {"loss_last", trained.loss_last},
              {"valid_loss_first", trained.valid_loss_first},
              {"valid_loss_best", trained.valid_loss_best},
              {"peak_rss_bytes", trained.peak_rss_bytes},
              {"memory_choice", trained.memory_choice},
              {"seconds", trained.seconds},
              {"adapter", adapter_digest},
              {"stopped_because", trained.stopped_because},
              {"resumed", trained.resumed},
              {"rows_split", trained.rows.split},
              {"rows_dropped", trained.rows.dropped},
              {"rows_without_target", trained.rows.without_target},
              {"kept_the_mean", trained.kept_the_mean},
              {"notes", trained.notes},
              {"curve", std::move(curve)}};
}

int prompt_tokens_saved(const Chewed& chewed, const Lessons& lessons, const Tokenizer& tokenizer) {
  std::size_t saved = 0;
  for (const Memory& memory : chewed.memories) {
    const bool taught = std::count(lessons.memories.begin(), lessons.memories.end(), memory.id) > 0;
    if (taught && memory.behaviour.kind == BehaviourKind::as_masked) {
      saved = std::max(saved, tokenizer.encode(memory.behaviour.expected).size());
    }
  }
  return static_cast<int>(saved);
}

std::string morning_prompt(const Chewed& chewed, Decision decision, const std::string& language) {
  const bool korean = language == "ko";
  // The last thing the user said that was worth keeping: what one would wake up thinking about.
  std::string topic;
  for (std::size_t i = 0; i < chewed.entries.size(); ++i) {
    const Reason reason = chewed.verdicts[i].reason;
    if (reason == Reason::user_fact || reason == Reason::approved || reason == Reason::mask_worn) {
      topic = shorten(chewed.entries[i].turn.user, 120);
    }
  }
  if (topic.empty() || decision == Decision::nothing_to_learn) {
    return korean ? "좋은 아침이에요. 짧게 아침 인사를 해 주세요." : "Good morning! Greet me in one short sentence.";
  }
  if (korean)
    return fmt::format("좋은 아침이에요. 어제 제가 \"{}\"라고 말했어요. 한 문장으로 아침 인사를 해 주세요.", topic);
  return fmt::format("Good morning! Yesterday I told you: \"{}\" Greet me in one short sentence.", topic);
}

std::string first_sentences(const std::string& text) {
  const std::string line = trim(std::string_view(text).substr(0, text.find('\n')));
  std::size_t end = 0;
  for (int sentences = 0; sentences < 2 && end < line.size(); ++sentences) {
    const std::size_t stop = line.find_first_of(".!?", end);
    end = stop == std::string::npos ? line.size() : stop + 1;
  }
  return line.substr(0, end);
}

Json outcome_to_json(const NightOutcome& outcome) {
  Json json;
  json["run"] = outcome.run;
  json["decision"] = outcome.finished ? Json(name_of(outcome.decision)) : Json(nullptr);
  json["reasons"] = outcome.reasons;
  json["self_before"] = outcome.self_before;
  json["self_after"] = outcome.self_after;
  json["lessons"] = outcome.lessons;
  json["train"] = outcome.train;
  json["report"] = outcome.report ? report_to_json(*outcome.report) : Json(nullptr);
  json["receipt"] = receipt_to_json(outcome.receipt);
  json["morning"] = outcome.morning;
  return json;
}

Result<Chewed> look_at_the_day(Bag& bag, const Recipe& recipe) {
  Journal journal(bag);
  MemoryStore memories(bag);
  BANCHU_TRY(std::vector<Entry> entries, journal.entries_in_state(EntryState::fresh));
  BANCHU_TRY(const std::vector<Memory> known, memories.list());
  return chew(std::move(entries), known, recipe.ruminate, now());
}

}  // namespace banchu
