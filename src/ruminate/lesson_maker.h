// What the makers of rows share while a night's lessons are built: the day, the teacher, the choices of the night.
#pragma once

#include <string>
#include <vector>

#include "ruminate/row.h"
#include "ruminate/ruminate.h"
#include "ruminate/split.h"

namespace banchu {

// The rows of the three sets while their teachers still have to be asked.
struct PendingLessons {
  std::vector<PendingRow> train, valid, test;
  std::vector<PendingRow>& of(Part part) { return part == Part::train ? train : part == Part::valid ? valid : test; }
};

class LessonMaker {
 public:
  LessonMaker(const Chewed& chewed, Session& session, const SamplingOptions& sampling, const EverydayPrompts& everyday,
              const RuminateOptions& options, const ProgressSink& progress, const CancelFlag* cancel);
  Result<Lessons> build();

 private:
  // Kept, approved and fixed replies: one sft row a stretch, all taught replies of it as targets.
  Status add_taught();
  // Fixed replies against what was said instead, when the options ask for pairs. Trained on and validated, never
  // tested: the gate measures replies.
  Status add_pairs();
  Status add_pair(std::size_t stretch, RowText text, const Entry& entry);
  // The habits' own tokens at later turns of talks put together from trained exchanges.
  Status add_chains();
  std::vector<RowExchange> trained_exchanges() const;  // taught ones, of the training part
  std::vector<RowExchange> exchanges_with_habits() const;
  std::vector<std::uint32_t> habit_targets(const std::vector<Token>& tokens, TokenSpan span) const;
  // Questions about what the user said of himself, and one beside them whose answer is not known.
  Status add_facts();
  Status add_fact(const Memory& memory, const std::vector<Behaviour>& habits);
  Status add_question(Part part, RowText before, const std::string& question, const std::string& answer,
                      const Memory& memory, const std::string& label);
  // Facts of earlier nights, said again in tonight's voice: what is not said again fades under a new lesson.
  Status add_engraved_facts();
  // A trained exchange to stand before a question, so that a fact is also known in the middle of a talk.
  RowText small_talk(const std::string& purpose) const;
  // The mask's distillation: the evening's own turns, and the masked self's replies to everyday prompts.
  Status add_masked();
  Status add_masked_turns(const Memory& mask, const RowText& worn);
  Status add_masked_samples(const Memory& mask, const RowText& worn);
  // The awake self's own replies.
  Status add_rehearsal();
  std::size_t count_rehearsals() const;
  Result<std::vector<RowText>> rehearse(std::size_t rows);
  Status go_on(std::vector<RowText>& texts, const std::vector<std::string>& prompts);  // some of them, for a turn
  // The day's own replies without their habits, under other masks. Returns how many were added, at most `rows`.
  Result<std::size_t> add_bare_replies(std::size_t rows);
  std::vector<RowExchange> bare_exchanges() const;
  void leave_room_for_habits(LessonRow& row, const std::vector<TokenSpan>& replies) const;

  Status ask_teacher();
  void make_tests(Lessons& lessons) const;
  void name_memories(Lessons& lessons) const;

  // One reply each, drawn with the sampler that chat serves with.
  Result<std::vector<std::string>> sample(const std::vector<std::vector<Message>>& prompts, const std::string& purpose,
                                          bool short_under_masks = false);
  std::vector<std::string> shuffled(std::vector<std::string> prompts, const char* purpose) const;
  std::vector<Behaviour> habits(bool only_new) const;
  const Memory* mask_of_tonight() const;
  RowText text_of(const Stretch& stretch, bool masked) const;
  const ChatTemplate& chat() const { return session_.model().chat_template(); }
  void report(const std::string& unit, std::size_t done, std::size_t total) const;

  const Chewed& chewed_;
  Session& session_;
  const SamplingOptions& sampling_;
  const EverydayPrompts& everyday_;
  const RuminateOptions& options_;
  const ProgressSink& progress_;
  const CancelFlag* cancel_;
  std::vector<Stretch> stretches_;
  std::vector<Part> parts_;
  std::vector<std::string> test_prompts_;  // everyday, shuffled: tests take from the front, validation from the back
  PendingLessons pending_;
  std::vector<std::string> taught_replies_;
};

}  // namespace banchu
