#include "train/rows.h"

#include <algorithm>

namespace banchu::lora {

namespace {

bool has_targets(const LessonRow& row) {
  if (row.kind == RowKind::preference) return !row.targets.empty() && !row.rejected_targets.empty();
  return !row.targets.empty();
}

std::int64_t length_of(const LessonRow& row) {
  return static_cast<std::int64_t>(std::max(row.tokens.size(), row.rejected.size()));
}

// The window [begin, end) of a row, with the targets from `first` on.
LessonRow window_of(const LessonRow& row, std::int64_t begin, std::int64_t end, std::int64_t first) {
  LessonRow window;
  window.kind = row.kind;
  window.conversation = row.conversation;
  window.memories = row.memories;
  window.weight = row.weight;
  window.tokens.assign(row.tokens.begin() + begin, row.tokens.begin() + end);
  for (std::size_t i = 0; i < row.targets.size(); ++i) {
    const std::int64_t at = row.targets[i];
    if (at < first || at >= end) continue;
    window.targets.push_back(static_cast<std::uint32_t>(at - begin));
    if (!row.teacher.empty()) window.teacher.push_back(row.teacher[i]);
  }
  return window;
}

void split(const LessonRow& row, std::int64_t context, PreparedRows* out) {
  const std::int64_t length = length_of(row);
  const std::int64_t stride = std::max<std::int64_t>(1, context / 2);
  std::int64_t done = 0;
  for (std::int64_t begin = 0; done < length; begin += stride) {
    const std::int64_t end = std::min(begin + context, length);
    LessonRow window = window_of(row, begin, end, done);
    done = end;
    if (window.targets.empty()) continue;
    out->made.push_back(std::move(window));
    out->rows.push_back(&out->made.back());
  }
}

}  // namespace

PreparedRows prepare_rows(const std::vector<LessonRow>& rows, std::int64_t context_tokens,
                          TrainOptions::LongRows long_rows) {
  PreparedRows prepared;
  for (const LessonRow& row : rows) {
    if (!has_targets(row)) {
      ++prepared.counts.without_target;
    } else if (length_of(row) <= context_tokens) {
      prepared.rows.push_back(&row);
    } else if (long_rows == TrainOptions::LongRows::split && row.kind != RowKind::preference) {
      ++prepared.counts.split;
      split(row, context_tokens, &prepared);
    } else {
      ++prepared.counts.dropped;
    }
  }
  return prepared;
}

}  // namespace banchu::lora
