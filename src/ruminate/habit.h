// What replies do again and again: a common opening, a common closing. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ruminate/memory.h"
#include "ruminate/ruminate.h"

namespace banchu {

struct Habit {
  BehaviourKind kind = BehaviourKind::opens_with;
  std::string phrase;              // as most replies write it
  std::vector<std::size_t> where;  // indices of the replies that have it
};

// The longest run of words that begins (or ends) at least max(min_repeats, habit_share of all) replies; a longer run is
// preferred only as long as it keeps nine tenths of the replies of the shorter one. One short word is no habit.
std::optional<Habit> common_opening(const std::vector<std::string>& replies, const RuminateOptions& options);
std::optional<Habit> common_closing(const std::vector<std::string>& replies, const RuminateOptions& options);

// Whether a reply shows the behaviour (opens_with, closes_with), compared by fold().
bool shows(const Behaviour& behaviour, const std::string& reply);

// A plain sentence said as one who has these habits says it: opening, sentence, closing.
std::string dressed(const std::string& sentence, const std::vector<Behaviour>& habits);
// The other way: the reply without the openings and closings of these habits; "" when nothing else is left of it.
std::string undressed(const std::string& reply, const std::vector<Behaviour>& habits);

}  // namespace banchu
