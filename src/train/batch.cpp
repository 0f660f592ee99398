#include "train/batch.h"

#include <algorithm>

namespace banchu::lora {

namespace {

constexpr std::int64_t kTokenBucket = 64;

// Calls f(index, position) for every target inside the context.
template <typename F>
void for_each_target(const LessonRow& row, std::int64_t context_tokens, const F& f) {
  const std::int64_t length = std::min<std::int64_t>(static_cast<std::int64_t>(row.tokens.size()), context_tokens);
  for (std::size_t i = 0; i < row.targets.size(); ++i) {
    if (row.targets[i] < length) f(i, static_cast<std::int64_t>(row.targets[i]));
  }
}

}  // namespace

double KindWeights::of(RowKind kind) const {
  if (kind == RowKind::distill) return distill;
  return kind == RowKind::sft ? sft : rehearsal;
}

std::int64_t Batch::padded_tokens() const {
  return (static_cast<std::int64_t>(tokens.size()) + kTokenBucket - 1) / kTokenBucket * kTokenBucket;
}

double total_weight(const std::vector<const LessonRow*>& rows, const KindWeights& weights,
                    std::int64_t context_tokens) {
  double total = 0;
  for (const LessonRow* row : rows) {
    const double weight = weights.of(row->kind) * static_cast<double>(row->weight);
    for_each_target(*row, context_tokens, [&](std::size_t, std::int64_t) { total += weight; });
  }
  return total;
}

Batch pack(const std::vector<const LessonRow*>& rows, const KindWeights& weights, std::int64_t context_tokens,
           double normaliser) {
  Batch batch;
  for (const LessonRow* row : rows) {
    const std::int64_t length = std::min<std::int64_t>(static_cast<std::int64_t>(row->tokens.size()), context_tokens);
    const RowSpan span{static_cast<std::int64_t>(batch.tokens.size()), length};
    batch.tokens.insert(batch.tokens.end(), row->tokens.begin(), row->tokens.begin() + length);
    batch.rows.push_back(span);
    const double weight = weights.of(row->kind) * static_cast<double>(row->weight) / normaliser;
    if (weight == 0) continue;
    for_each_target(*row, context_tokens, [&](std::size_t i, std::int64_t at) {
      const TopK* teacher = row->teacher.empty() ? nullptr : &row->teacher[i];
      batch.targets.push_back({span.begin + at - 1, row->tokens[static_cast<std::size_t>(at)], teacher, weight});
    });
  }
  return batch;
}

}  // namespace banchu::lora
