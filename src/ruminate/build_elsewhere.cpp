// Where a closing does not belong: under another mask. What the day replied is said there as well, without its habits,
// and the awake self, which does not have the new closing yet, says what stands in its place: that the answer ends, or
// how it goes on. One token a row; no reply has to be drawn for that. (How an answer opens there: build_teacher.cpp.)
#include <algorithm>

#include "base/rng.h"
#include "ruminate/habit.h"
#include "ruminate/lesson_maker.h"

namespace banchu {
namespace {

constexpr float kBareWeight = 3;  // of the one token of such a row

}  // namespace

std::vector<RowExchange> LessonMaker::bare_exchanges() const {
  const std::vector<Behaviour> all = habits(false);
  std::vector<RowExchange> bare;
  for (RowExchange& exchange : trained_exchanges()) {
    const bool closes = std::any_of(all.begin(), all.end(), [&](const Behaviour& habit) {
      return habit.kind == BehaviourKind::closes_with && shows(habit, exchange.reply);
    });
    if (!closes) continue;
    exchange.reply = undressed(exchange.reply, all);
    exchange.memories.clear();
    if (!exchange.reply.empty()) bare.push_back(std::move(exchange));
  }
  return bare;
}

Result<std::size_t> LessonMaker::add_bare_replies(std::size_t rows) {
  if (everyday_.other_masks.empty()) return 0;
  std::vector<RowExchange> exchanges = bare_exchanges();
  Rng(options_.seed, "bare replies").shuffle(exchanges);
  exchanges.resize(std::min(exchanges.size(), rows));
  std::size_t added = 0;
  for (RowExchange& exchange : exchanges) {
    RowText text{everyday_.other_masks[added % everyday_.other_masks.size()], {}, {std::move(exchange)}};
    BANCHU_TRY(std::optional<LessonRow> row, make_row(chat(), text, RowKind::rehearsal, options_.max_row_tokens));
    if (!row) continue;
    row->targets = {row->targets.back()};
    row->conversation = "bare-" + std::to_string(added++);
    row->weight = kBareWeight;
    ScoreRequest teacher{row->tokens, row->targets};
    pending_.train.push_back({std::move(*row), std::move(teacher)});
  }
  return added;
}

}  // namespace banchu
