#include <fmt/format.h>

#include <algorithm>

#include "base/rng.h"
#include "base/text.h"
#include "ruminate/claim.h"
#include "ruminate/filter.h"
#include "ruminate/habit.h"
#include "ruminate/lesson_maker.h"

namespace banchu {
namespace {

constexpr std::size_t kReplayedFacts = 12;
constexpr int kReplaysOfAFact = 3;
constexpr double kValidPromptsShare = 0.5;  // of min_test_prompts: lambda is chosen on fewer than it is reported on

std::vector<LessonRow> rows_of(std::vector<PendingRow>&& pending) {
  std::vector<LessonRow> rows;
  for (PendingRow& one : pending) rows.push_back(std::move(one.row));
  return rows;
}

// The last third of the questions is only for tests; its first half chooses lambda, the rest is reported.
std::size_t trained_questions(const Behaviour& behaviour) {
  return behaviour.questions.size() - behaviour.questions.size() / 3;
}
std::size_t valid_questions_end(const Behaviour& behaviour) {
  return trained_questions(behaviour) + behaviour.questions.size() / 6;
}

}  // namespace

LessonMaker::LessonMaker(const Chewed& chewed, Session& session, const SamplingOptions& sampling,
                         const EverydayPrompts& everyday, const RuminateOptions& options, const ProgressSink& progress,
                         const CancelFlag* cancel)
    : chewed_(chewed),
      session_(session),
      sampling_(sampling),
      everyday_(everyday),
      options_(options),
      progress_(progress),
      cancel_(cancel),
      stretches_(stretches_of(chewed)),
      parts_(split_of(stretches_, options)),
      test_prompts_(shuffled(everyday.test, "test prompts")) {}

void LessonMaker::report(const std::string& unit, std::size_t done, std::size_t total) const {
  if (progress_) progress_({"chewing over", done, total, unit, ""});
}

std::vector<std::string> LessonMaker::shuffled(std::vector<std::string> prompts, const char* purpose) const {
  Rng(options_.seed, purpose).shuffle(prompts);
  return prompts;
}

std::vector<Behaviour> LessonMaker::habits(bool only_new) const {
  std::vector<Behaviour> found;
  for (const Memory& memory : chewed_.memories) {
    const bool counts = memory.state == MemoryState::active || (!only_new && memory.state == MemoryState::engraved);
    const BehaviourKind kind = memory.behaviour.kind;
    if (counts && (kind == BehaviourKind::opens_with || kind == BehaviourKind::closes_with)) {
      found.push_back(memory.behaviour);
    }
  }
  return found;
}

RowText LessonMaker::text_of(const Stretch& stretch, bool masked) const {
  RowText text;
  for (const std::size_t i : stretch.entries) {
    const Entry& entry = chewed_.entries[i];
    const bool is_target = masked ? is_masked(chewed_, i) : is_taught(chewed_, i);
    text.exchanges.push_back({entry.turn.user, taught_reply(entry), is_target, chewed_.verdicts[i].memories});
  }
  return text;
}

Status LessonMaker::add_taught() {
  for (std::size_t s = 0; s < stretches_.size(); ++s) {
    RowText text = text_of(stretches_[s], false);
    BANCHU_TRY(std::optional<LessonRow> row, make_row(chat(), text, RowKind::sft, options_.max_row_tokens));
    if (!row) continue;
    row->conversation = stretches_[s].conversation;
    pending_.of(parts_[s]).push_back({std::move(*row), {}});
    for (const RowExchange& exchange : text.exchanges) {
      if (exchange.is_target && parts_[s] == Part::train) taught_replies_.push_back(exchange.reply);
    }
  }
  return {};
}

// The pair stands behind what was said before it; only its own reply is a target.
Status LessonMaker::add_pair(std::size_t stretch, RowText text, const Entry& entry) {
  for (RowExchange& exchange : text.exchanges) exchange.is_target = &exchange == &text.exchanges.back();
  BANCHU_TRY(std::optional<LessonRow> row,
             make_preference_row(chat(), text, entry.turn.reply, options_.max_row_tokens));
  if (!row) return {};
  row->conversation = stretches_[stretch].conversation;
  pending_.of(parts_[stretch]).push_back({std::move(*row), {}});
  return {};
}

Status LessonMaker::add_pairs() {
  if (!options_.preference_pairs) return {};
  for (std::size_t s = 0; s < stretches_.size(); ++s) {
    if (parts_[s] == Part::test) continue;
    RowText text = text_of(stretches_[s], false);
    for (std::size_t k = stretches_[s].entries.size(); k-- > 0; text.exchanges.pop_back()) {
      const Entry& entry = chewed_.entries[stretches_[s].entries[k]];
      const bool fixed = entry.mark == EntryMark::fixed && text.exchanges.back().is_target;
      if (!fixed || trim(entry.turn.reply).empty() || trim(entry.turn.reply) == trim(entry.fixed_reply)) continue;
      BANCHU_TRY_STATUS(add_pair(s, text, entry));
    }
  }
  return {};
}

Status LessonMaker::add_question(Part part, RowText text, const std::string& question, const std::string& answer,
                                 const Memory& memory, const std::string& label) {
  text.exchanges.push_back({question, answer, true, {memory.id}});
  BANCHU_TRY(std::optional<LessonRow> row, make_row(chat(), text, RowKind::sft, options_.max_row_tokens));
  if (!row) return {};
  row->conversation = label;
  pending_.of(part).push_back({std::move(*row), {}});
  return {};
}

RowText LessonMaker::small_talk(const std::string& purpose) const {
  std::vector<RowExchange> exchanges = exchanges_with_habits();
  if (exchanges.empty()) return {};
  RowExchange one = exchanges[Rng(options_.seed, purpose).below(exchanges.size())];
  one.is_target = false;
  return {"", {}, {std::move(one)}};
}

Status LessonMaker::add_fact(const Memory& memory, const std::vector<Behaviour>& habits) {
  const Behaviour& fact = memory.behaviour;
  if (fact.questions.empty() || fact.answers.empty()) return {};
  for (std::size_t q = 0; q < fact.questions.size(); ++q) {
    const Part part = q < trained_questions(fact)     ? Part::train
                      : q < valid_questions_end(fact) ? Part::valid
                                                      : Part::test;
    const std::string answer = dressed(fact.answers[q % fact.answers.size()], habits);
    const std::string label = memory.id + "-" + std::to_string(q);
    BANCHU_TRY_STATUS(add_question(part, {}, fact.questions[q], answer, memory, label));
    const RowText before = small_talk(label);
    if (part != Part::train || before.exchanges.empty()) continue;
    BANCHU_TRY_STATUS(add_question(part, before, fact.questions[q], answer, memory, label));
  }
  const std::vector<Neighbour> neighbours = neighbours_of(memory);
  if (neighbours.empty()) return {};
  const Neighbour& neighbour = neighbours[Rng(options_.seed, memory.id).below(neighbours.size())];
  return add_question(Part::train, {}, neighbour.question, dressed(neighbour.answer, habits), memory,
                      memory.id + "-unknown");
}

// Facts are answered in the voice of tonight's and earlier habits, so that one lesson does not unteach the other.
Status LessonMaker::add_facts() {
  const std::vector<Behaviour> voice = habits(false);
  for (const Memory& memory : chewed_.memories) {
    if (memory.state != MemoryState::active || memory.behaviour.kind != BehaviourKind::answers) continue;
    BANCHU_TRY_STATUS(add_fact(memory, voice));
  }
  return {};
}

Status LessonMaker::add_engraved_facts() {
  const std::vector<Behaviour> voice = habits(false);
  std::vector<Memory> facts = chewed_.engraved_facts;
  Rng rng(options_.seed, "engraved facts");
  rng.shuffle(facts);
  facts.resize(std::min(facts.size(), kReplayedFacts));
  for (const Memory& memory : facts) {
    const Behaviour& fact = memory.behaviour;
    if (fact.questions.empty() || fact.answers.empty()) continue;
    for (int time = 0; time < kReplaysOfAFact; ++time) {
      const std::size_t q = rng.below(trained_questions(fact));
      const std::string label = fmt::format("{}-again-{}", memory.id, time);
      const RowText before = time == 0 ? small_talk(label) : RowText{};
      const std::string answer = dressed(fact.answers[q % fact.answers.size()], voice);
      BANCHU_TRY_STATUS(add_question(Part::train, before, fact.questions[q], answer, memory, label));
    }
  }
  return {};
}

Status LessonMaker::ask_teacher() {
  std::vector<ScoreRequest> requests;
  std::vector<LessonRow*> asked;
  for (std::vector<PendingRow>* rows : {&pending_.train, &pending_.valid, &pending_.test}) {
    for (PendingRow& pending : *rows) {
      if (pending.teacher.positions.empty()) continue;
      requests.push_back(std::move(pending.teacher));
      asked.push_back(&pending.row);
    }
  }
  if (requests.empty()) return {};
  const auto on_done = [&](std::size_t done) { report("row", done, requests.size()); };
  BANCHU_TRY(std::vector<Score> scores, session_.score(requests, options_.teacher_top_k, on_done, cancel_));
  for (std::size_t i = 0; i < asked.size(); ++i) asked[i]->teacher = std::move(scores[i].top);
  return {};
}

// Prompts are first messages only: a history that shows the habit would let any self copy it, and hide what the weights
// know. The third turn is measured by the evaluation, with the self's own replies before it.
void LessonMaker::make_tests(Lessons& lessons) const {
  std::vector<std::vector<Message>> valid, test;
  for (std::size_t s = 0; s < stretches_.size(); ++s) {
    const std::vector<Message> prompt = {{Role::user, chewed_.entries[stretches_[s].entries.front()].turn.user}};
    if (parts_[s] == Part::valid) valid.push_back(prompt);
    if (parts_[s] == Part::test) test.push_back(prompt);
  }
  const auto wanted = static_cast<std::size_t>(std::max(options_.min_test_prompts, 0));
  const auto wanted_valid = static_cast<std::size_t>(static_cast<double>(wanted) * kValidPromptsShare);
  std::size_t front = 0, back = test_prompts_.size();
  while (test.size() < wanted && front < back) test.push_back({{Role::user, test_prompts_[front++]}});
  while (valid.size() < wanted_valid && front < back) valid.push_back({{Role::user, test_prompts_[--back]}});
  for (const Memory& memory : chewed_.memories) {
    if (memory.state != MemoryState::active || memory.behaviour.kind == BehaviourKind::none) continue;
    LessonTest one{memory.id, memory.behaviour, valid, test};
    if (memory.behaviour.kind == BehaviourKind::answers) {
      const std::vector<std::string>& questions = memory.behaviour.questions;
      one.valid_prompts.clear();
      one.test_prompts.clear();
      for (std::size_t q = trained_questions(memory.behaviour); q < questions.size(); ++q) {
        (q < valid_questions_end(memory.behaviour) ? one.valid_prompts : one.test_prompts)
            .push_back({{Role::user, questions[q]}});
      }
    }
    lessons.tests.push_back(std::move(one));
  }
}

void LessonMaker::name_memories(Lessons& lessons) const {
  for (const Memory& memory : chewed_.memories) {
    if (memory.state != MemoryState::active) continue;
    const auto& rows = lessons.train.rows();
    const bool has_row = std::any_of(rows.begin(), rows.end(), [&](const LessonRow& row) {
      return std::find(row.memories.begin(), row.memories.end(), memory.id) != row.memories.end();
    });
    if (has_row) lessons.memories.push_back(memory.id);
  }
}

Result<Lessons> LessonMaker::build() {
  BANCHU_TRY_STATUS(add_taught());
  BANCHU_TRY_STATUS(add_pairs());
  BANCHU_TRY_STATUS(add_chains());
  BANCHU_TRY_STATUS(add_facts());
  BANCHU_TRY_STATUS(add_masked());
  if (pending_.train.empty()) return Lessons{};
  BANCHU_TRY_STATUS(add_engraved_facts());
  BANCHU_TRY_STATUS(add_rehearsal());
  BANCHU_TRY_STATUS(ask_teacher());
  Lessons lessons;
  lessons.train = TrainSet(rows_of(std::move(pending_.train)));
  lessons.valid = ValidSet(rows_of(std::move(pending_.valid)));
  lessons.test = TestSet(rows_of(std::move(pending_.test)));
  lessons.taught_replies = std::move(taught_replies_);
  name_memories(lessons);
  make_tests(lessons);
  std::erase_if(lessons.tests, [&](const LessonTest& test) {
    return std::find(lessons.memories.begin(), lessons.memories.end(), test.memory) == lessons.memories.end();
  });
  return lessons;
}

Result<Lessons> build_lessons(const Chewed& chewed, Session& session, const SamplingOptions& sampling,
                              const EverydayPrompts& everyday, const RuminateOptions& options,
                              const ProgressSink& progress, const CancelFlag* cancel) {
  return LessonMaker(chewed, session, sampling, everyday, options, progress, cancel).build();
}

}  // namespace banchu
