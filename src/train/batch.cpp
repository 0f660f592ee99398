#include "train/batch.h"

#include <algorithm>

namespace banchu::lora {

namespace {

constexpr std::int64_t kTokenBucket = 64;

std::int64_t cut(const std::vector<Token>& tokens, std::int64_t context_tokens) {
  return std::min<std::int64_t>(static_cast<std::int64_t>(tokens.size()), context_tokens);
}

// Calls f(index, position) for every target inside the context.
template <typename F>
void for_each_target(const LessonRow& row, std::int64_t context_tokens, const F& f) {
  const std::int64_t length = cut(row.tokens, context_tokens);
  for (std::size_t i = 0; i < row.targets.size(); ++i) {
    if (row.targets[i] < length) f(i, static_cast<std::int64_t>(row.targets[i]));
  }
}

// Lays the tokens behind those that are there; answers where they begin.
std::int64_t append(const std::vector<Token>& tokens, std::int64_t context_tokens, Batch* batch) {
  const RowSpan span{static_cast<std::int64_t>(batch->tokens.size()), cut(tokens, context_tokens)};
  batch->tokens.insert(batch->tokens.end(), tokens.begin(), tokens.begin() + span.length);
  batch->rows.push_back(span);
  return span.begin;
}

void add_reply(const std::vector<Token>& tokens, const std::vector<std::uint32_t>& targets, std::int64_t begin,
               Preference* pair) {
  for (const std::uint32_t t : targets) pair->targets.push_back({begin + t - 1, tokens[t], nullptr, 0});
}

// Preference rows that are longer than the context do not come here (rows.h).
void append_preference(const LessonRow& row, const KindWeights& weights, double weight, std::int64_t context_tokens,
                       Batch* batch) {
  Preference pair;
  pair.beta = weights.beta;
  pair.weight = weight;
  if (weights.references != nullptr) pair.reference = weights.references->at(&row);
  add_reply(row.tokens, row.targets, append(row.tokens, context_tokens, batch), &pair);
  pair.chosen = pair.targets.size();
  add_reply(row.rejected, row.rejected_targets, append(row.rejected, context_tokens, batch), &pair);
  batch->preferences.push_back(std::move(pair));
}

}  // namespace

double KindWeights::of(RowKind kind) const {
  switch (kind) {
    case RowKind::distill:
      return distill;
    case RowKind::sft:
      return sft;
    case RowKind::rehearsal:
      return rehearsal;
    case RowKind::preference:
      return preference;
  }
  return 0;
}

std::int64_t Batch::padded_tokens() const {
  return (static_cast<std::int64_t>(tokens.size()) + kTokenBucket - 1) / kTokenBucket * kTokenBucket;
}

double total_weight(const std::vector<const LessonRow*>& rows, const KindWeights& weights,
                    std::int64_t context_tokens) {
  double total = 0;
  for (const LessonRow* row : rows) {
    const double weight = weights.of(row->kind) * static_cast<double>(row->weight);
    if (row->kind == RowKind::preference) {
      total += weight;
      continue;
    }
    for_each_target(*row, context_tokens, [&](std::size_t, std::int64_t) { total += weight; });
  }
  return total;
}

Batch pack(const std::vector<const LessonRow*>& rows, const KindWeights& weights, std::int64_t context_tokens,
           double normaliser) {
  Batch batch;
  for (const LessonRow* row : rows) {
    const double weight = weights.of(row->kind) * static_cast<double>(row->weight) / normaliser;
    if (row->kind == RowKind::preference) {
      append_preference(*row, weights, weight, context_tokens, &batch);
      continue;
    }
    const std::int64_t begin = append(row->tokens, context_tokens, &batch);
    if (weight == 0) continue;
    for_each_target(*row, context_tokens, [&](std::size_t i, std::int64_t at) {
      const TopK* teacher = row->teacher.empty() ? nullptr : &row->teacher[i];
      batch.targets.push_back({begin + at - 1, row->tokens[static_cast<std::size_t>(at)], teacher, weight});
    });
  }
  return batch;
}

}  // namespace banchu::lora
