// One chewing: the state between its steps. chew.cpp holds the steps that leave entries out and put facts in order,
// chew_replies.cpp those that ask what the remaining replies may teach.
#pragma once

#include <string>
#include <vector>

#include "ruminate/claim.h"
#include "ruminate/habit.h"
#include "ruminate/ruminate.h"

namespace banchu {

class Chewing {
 public:
  Chewing(std::vector<Entry> entries, const std::vector<Memory>& known, const RuminateOptions& options, Time at)
      : known_(known), options_(options), at_(at) {
    chewed_.entries = std::move(entries);
    chewed_.verdicts.resize(chewed_.entries.size());
    open_.assign(chewed_.entries.size(), true);
  }
  Chewed run();

 private:
  void strike_faults();
  void distrust_an_unreadable_day();
  void strike_repeats();
  void gather_claims();
  void settle_contradictions();
  void judge_replies();
  void judge_reply(std::size_t i);
  void find_habits();
  void find_masks();
  void choose_one_mask();
  void find_styles();
  void note_self_claims();
  void remember_engraved_facts();
  void close(std::size_t i, Reason reason, std::string detail);
  Memory& add_memory(Memory memory, std::size_t from);
  void add_habit(const Habit& habit, const std::vector<std::size_t>& taught);
  bool is_answered_gladly(std::size_t i) const;
  bool was_struck(const Memory& memory) const;
  std::size_t count_masked(const std::string& mask) const;
  const Entry& entry(std::size_t i) const { return chewed_.entries[i]; }
  EntryVerdict& verdict(std::size_t i) { return chewed_.verdicts[i]; }

  const std::vector<Memory>& known_;
  const RuminateOptions& options_;
  Time at_;
  Chewed chewed_;
  std::vector<bool> open_;  // no verdict yet
  std::vector<std::vector<Claim>> claims_;
};

}  // namespace banchu
