// Where a habit does not belong: under another mask. What the day replied is said there as well, without the habit, and
// the awake self, which does not have it yet, says what stands in its place: how such an answer begins, and that it
// ends where the habit would close it. No reply has to be drawn for that.
#include <algorithm>

#include "base/rng.h"
#include "ruminate/filter.h"
#include "ruminate/habit.h"
#include "ruminate/lesson_maker.h"

namespace banchu {
namespace {

constexpr std::uint32_t kBeginning = 12;  // tokens of a reply in which an opening would show
constexpr std::uint32_t kEnd = 2;         // its last token and the end of the turn, where a closing would begin

}  // namespace

std::vector<RowExchange> LessonMaker::bare_exchanges() const {
  const std::vector<Behaviour> all = habits(false);
  std::vector<RowExchange> bare;
  for (std::size_t s = 0; s < stretches_.size(); ++s) {
    if (parts_[s] != Part::train) continue;
    for (RowExchange& exchange : text_of(stretches_[s], false).exchanges) {
      const bool has_habit =
          std::any_of(all.begin(), all.end(), [&](const Behaviour& habit) { return shows(habit, exchange.reply); });
      if (!exchange.is_target || !has_habit) continue;
      exchange.reply = undressed(exchange.reply, all);
      exchange.memories.clear();
      if (!exchange.reply.empty()) bare.push_back(std::move(exchange));
    }
  }
  return bare;
}

Result<std::size_t> LessonMaker::add_bare_replies(std::size_t rows) {
  if (habits(true).empty() || everyday_.other_masks.empty()) return 0;
  std::vector<RowExchange> exchanges = bare_exchanges();
  Rng(options_.seed, "bare replies").shuffle(exchanges);
  exchanges.resize(std::min(exchanges.size(), rows));
  std::size_t added = 0;
  for (RowExchange& exchange : exchanges) {
    RowText text{everyday_.other_masks[added % everyday_.other_masks.size()], {}, {std::move(exchange)}};
    BANCHU_TRY(std::optional<LessonRow> row, make_row(chat(), text, RowKind::rehearsal, options_.max_row_tokens));
    if (!row) continue;
    const std::uint32_t begin = row->targets.front(), end = row->targets.back() + 1;
    std::erase_if(row->targets, [&](std::uint32_t t) { return t >= begin + kBeginning && t + kEnd < end; });
    row->conversation = "bare-" + std::to_string(added++);
    row->weight = kElsewhereWeight;
    ScoreRequest teacher{row->tokens, row->targets};
    pending_.train.push_back({std::move(*row), std::move(teacher)});
  }
  return added;
}

}  // namespace banchu
