// How a night is told to a person: what was chewed over and why, and the receipt's last lines. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "app/language.h"
#include "app/night.h"

namespace banchu {

// How many entries of a day were judged so, in the order in which it is told.
struct CountedReason {
  std::string name;  // in the user's language
  int count = 0;
  bool is_left_out = false;  // not taught
};
std::vector<CountedReason> counted_reasons(const Chewed& chewed, Language language);

// "61 talks since the last night: 47 kept, 9 chatter, 3 repeats", and what it wants to learn.
std::vector<std::string> chewed_lines(const Chewed& chewed, Language language);

// One line for every entry: its reason, what the user said, the detail. For `ruminate --explain`.
std::vector<std::string> explain_lines(const Chewed& chewed, Language language);
Json explain_to_json(const Chewed& chewed);

// "promoted at scale 0.7. Before: self 3f9a...", or what failed and what one can do.
// What a training came to, where a night ends after it.
std::string engraved_line(const NightOutcome& outcome, Language language);
std::vector<std::string> waking_lines(const NightOutcome& outcome, Language language);
std::string receipt_line(const NightOutcome& outcome, Language language);

}  // namespace banchu
