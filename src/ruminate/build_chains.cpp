// Habits at later turns. Most talks of a day are short, so that an opening is seen at the first turn again and again
// and hardly ever at the third. Chains put single exchanges of the trained talks one behind the other, as one long
// talk, and only the habit's own tokens are learned from: where it belongs at a later turn, without another look at the
// rest of the reply (which would teach it word for word).
#include <algorithm>

#include "base/rng.h"
#include "ruminate/filter.h"
#include "ruminate/habit.h"
#include "ruminate/lesson_maker.h"

namespace banchu {
namespace {

constexpr std::size_t kChainLength = 4;      // exchanges
constexpr std::size_t kRowsPerChain = 3;     // one chain for so many rows
constexpr std::size_t kFewestExchanges = 8;  // to draw from

// How many tokens from `at` on (or back from it) cover the phrase.
std::size_t tokens_covering(const Tokenizer& tokenizer, const std::vector<Token>& tokens, TokenSpan span,
                            const std::string& phrase, bool from_the_end) {
  std::size_t bytes = 0, count = 0;
  while (bytes < phrase.size() && count < span.end - span.begin) {
    const std::size_t at = from_the_end ? span.end - 1 - count : span.begin + count;
    bytes += tokenizer.piece(tokens[at]).size();
    ++count;
  }
  return count;
}

}  // namespace

std::vector<std::uint32_t> LessonMaker::habit_targets(const std::vector<Token>& tokens, TokenSpan span) const {
  const Tokenizer& tokenizer = session_.model().tokenizer();
  std::vector<bool> learned(span.end - span.begin, false);
  for (const Behaviour& habit : habits(false)) {
    const bool closes = habit.kind == BehaviourKind::closes_with;
    const std::size_t count = tokens_covering(tokenizer, tokens, span, habit.expected, closes);
    if (closes) {
      std::fill(learned.end() - static_cast<std::ptrdiff_t>(count), learned.end(), true);
    } else {
      std::fill(learned.begin(), learned.begin() + static_cast<std::ptrdiff_t>(count), true);
    }
  }
  std::vector<std::uint32_t> targets;
  for (std::size_t i = 0; i < learned.size(); ++i) {
    if (learned[i]) targets.push_back(static_cast<std::uint32_t>(span.begin + i));
  }
  return targets;
}

std::vector<RowExchange> LessonMaker::trained_exchanges() const {
  std::vector<RowExchange> found;
  for (std::size_t s = 0; s < stretches_.size(); ++s) {
    if (parts_[s] != Part::train) continue;
    for (RowExchange& exchange : text_of(stretches_[s], false).exchanges) {
      if (exchange.is_target) found.push_back(std::move(exchange));
    }
  }
  return found;
}

std::vector<RowExchange> LessonMaker::exchanges_with_habits() const {
  const std::vector<Behaviour> wanted = habits(false);
  std::vector<RowExchange> found = trained_exchanges();
  std::erase_if(found, [&](const RowExchange& exchange) {
    return !std::all_of(wanted.begin(), wanted.end(),
                        [&](const Behaviour& habit) { return shows(habit, exchange.reply); });
  });
  return found;
}

Status LessonMaker::add_chains() {
  std::vector<RowExchange> exchanges = exchanges_with_habits();
  if (habits(true).empty() || exchanges.size() < kFewestExchanges) return {};
  const std::size_t chains = pending_.train.size() / kRowsPerChain;
  Rng rng(options_.seed, "chains");
  for (std::size_t c = 0; c < chains; ++c) {
    const std::size_t first = c * kChainLength % exchanges.size();
    if (first < kChainLength) rng.shuffle(exchanges);
    RowText text;
    for (std::size_t k = 0; k < kChainLength; ++k) text.exchanges.push_back(exchanges[(first + k) % exchanges.size()]);
    BANCHU_TRY(std::optional<LessonRow> row, make_row(chat(), text, RowKind::sft, options_.max_row_tokens));
    if (!row || text.exchanges.size() < 2) continue;
    BANCHU_TRY(const RenderedChat rendered, chat().render(messages_of(text), false));
    row->targets.clear();
    for (std::size_t k = 1; k < rendered.replies.size(); ++k) {
      const std::vector<std::uint32_t> more = habit_targets(row->tokens, rendered.replies[k]);
      row->targets.insert(row->targets.end(), more.begin(), more.end());
    }
    row->conversation = "chain-" + std::to_string(c);
    pending_.train.push_back({std::move(*row), {}});
  }
  return {};
}

}  // namespace banchu
