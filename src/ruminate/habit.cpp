#include "ruminate/habit.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace banchu {
namespace {

constexpr std::size_t kLongestHabit = 16;  // words
constexpr std::size_t kShortestWords = 2;
constexpr std::size_t kShortestCharacters = 8;  // one word must be longer than this
constexpr double kKeepsShare = 0.9;
constexpr const char* kBlank = " \t\r\n";

std::vector<std::string> typed_words(const std::string& text) {
  std::vector<std::string> found;
  const std::string clean = nfc(text);
  std::size_t at = 0;
  while ((at = clean.find_first_not_of(kBlank, at)) != std::string::npos) {
    const std::size_t end = std::min(clean.find_first_of(kBlank, at), clean.size());
    found.push_back(clean.substr(at, end - at));
    at = end;
  }
  return found;
}

std::string run_of(const std::vector<std::string>& said, std::size_t length, bool from_the_end) {
  std::string run;
  const std::size_t begin = from_the_end ? said.size() - length : 0;
  for (std::size_t i = begin; i < begin + length; ++i) run += (run.empty() ? "" : " ") + said[i];
  return run;
}

struct Runs {
  std::vector<std::size_t> where;  // replies with the most frequent run
  std::string typed;               // its most frequent spelling
};

// The most frequent run of `length` words among the replies `among`; a run must leave something else in the reply.
Runs most_frequent(const std::vector<std::vector<std::string>>& replies, const std::vector<std::size_t>& among,
                   std::size_t length, bool from_the_end) {
  std::map<std::string, std::vector<std::size_t>> holders;
  std::map<std::string, std::map<std::string, std::size_t>> spellings;
  for (const std::size_t i : among) {
    if (replies[i].size() <= length) continue;
    const std::string run = run_of(replies[i], length, from_the_end);
    const std::string folded = fold(run);
    holders[folded].push_back(i);
    ++spellings[folded][run];
  }
  Runs best;
  for (const auto& [folded, where] : holders) {
    if (where.size() <= best.where.size()) continue;
    best.where = where;
    const auto& spelled = spellings[folded];
    best.typed = std::max_element(spelled.begin(), spelled.end(), [](const auto& a, const auto& b) {
                   return a.second < b.second;
                 })->first;
  }
  return best;
}

std::optional<Habit> common_run(const std::vector<std::string>& texts, const RuminateOptions& options,
                                BehaviourKind kind) {
  const bool from_the_end = kind == BehaviourKind::closes_with;
  std::vector<std::vector<std::string>> replies;
  std::vector<std::size_t> among;
  for (const std::string& text : texts) {
    among.push_back(replies.size());
    replies.push_back(typed_words(text));
  }
  const double wanted = std::max(static_cast<double>(std::max(options.min_repeats, 1)),
                                 options.habit_share * static_cast<double>(texts.size()));
  std::size_t length = 0;
  Runs best;
  for (std::size_t longer = 1; longer <= kLongestHabit; ++longer) {
    Runs runs = most_frequent(replies, among, longer, from_the_end);
    const auto support = static_cast<double>(runs.where.size());
    if (support < wanted || support < kKeepsShare * static_cast<double>(best.where.size())) break;
    among = runs.where;
    best = std::move(runs);
    length = longer;
  }
  if (length < kShortestWords && code_points(best.typed).size() < kShortestCharacters) return std::nullopt;
  return Habit{kind, best.typed, best.where};
}

std::string lower_first(std::string text) {
  const bool is_pronoun = text.starts_with("I ") || text.starts_with("I'");
  const bool is_name = text.size() > 1 && !(text.starts_with("Your ") || text.starts_with("You ") ||
                                            text.starts_with("It ") || text.starts_with("Keep "));
  if (text.empty() || is_pronoun || is_name || text[0] < 'A' || text[0] > 'Z') return text;
  text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

}  // namespace

std::optional<Habit> common_opening(const std::vector<std::string>& replies, const RuminateOptions& options) {
  return common_run(replies, options, BehaviourKind::opens_with);
}

std::optional<Habit> common_closing(const std::vector<std::string>& replies, const RuminateOptions& options) {
  return common_run(replies, options, BehaviourKind::closes_with);
}

bool shows(const Behaviour& behaviour, const std::string& reply) {
  const std::string folded = fold(reply), expected = fold(behaviour.expected);
  if (expected.empty()) return false;
  if (behaviour.kind == BehaviourKind::opens_with) return folded.starts_with(expected);
  if (behaviour.kind == BehaviourKind::closes_with) return folded.ends_with(expected);
  return false;
}

std::string dressed(const std::string& sentence, const std::vector<Behaviour>& habits) {
  std::string text = sentence;
  for (const Behaviour& habit : habits) {
    if (habit.kind != BehaviourKind::opens_with || shows(habit, text)) continue;
    const bool goes_on = habit.expected.ends_with(':') || habit.expected.ends_with(',');
    text = habit.expected + " " + (goes_on ? lower_first(text) : text);
  }
  for (const Behaviour& habit : habits) {
    if (habit.kind == BehaviourKind::closes_with && !shows(habit, text)) text += " " + habit.expected;
  }
  return text;
}

std::string undressed(const std::string& reply, const std::vector<Behaviour>& habits) {
  std::string text = trim(nfc(reply));
  for (const Behaviour& habit : habits) {
    if (!shows(habit, text)) continue;
    const bool closes = habit.kind == BehaviourKind::closes_with;
    for (std::size_t left = typed_words(habit.expected).size(); left > 0; --left) {
      const std::size_t space = closes ? text.find_last_of(kBlank) : text.find_first_of(kBlank);
      if (space == std::string::npos) return "";
      text = trim(closes ? text.substr(0, space) : text.substr(space));
    }
  }
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

}  // namespace banchu
