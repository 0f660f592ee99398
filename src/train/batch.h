// What one pass sees: rows laid end to end, none of which can see another, and the places where loss is asked for.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "ruminate/lesson.h"

namespace banchu::lora {

struct RowSpan {
  std::int64_t begin = 0;  // its first token in the pass
  std::int64_t length = 0;
};

struct Target {
  std::int64_t position = 0;      // of the hidden state that predicts it, in the pass
  Token token = 0;                // for cross-entropy
  const TopK* teacher = nullptr;  // set: distillation; the row must outlive the pass
  double weight = 0;              // already divided by the total weight of the step
};

// Two replies to the same words, of which the first is to become the likelier one; the loss stands in head.h.
struct Preference {
  std::vector<Target> targets;  // the chosen reply's, then the rejected one's; their weights are not read
  std::size_t chosen = 0;       // how many of them are the chosen reply's
  double reference = 0;         // log p(chosen) - log p(rejected) of the self before this training
  double beta = 0;
  double weight = 0;  // already divided by the total weight of the step
};

struct Batch {
  std::vector<Token> tokens;
  std::vector<RowSpan> rows;
  std::vector<Target> targets;
  std::vector<Preference> preferences;
  std::uint64_t dropout_key = 0;
  double noise_alpha = 0;  // of NEFTune; 0: none
  std::uint64_t noise_key = 0;

  // Tokens with the padding that keeps the number of compiled shapes small.
  std::int64_t padded_tokens() const;
};

// Preference::reference of every preference row.
using References = std::unordered_map<const LessonRow*, double>;

// How much a row's targets count, by kind; and what preference rows are judged by.
struct KindWeights {
  double distill = 1, sft = 1, rehearsal = 1;
  double preference = 1;
  double beta = 0.1;
  const References* references = nullptr;
  double of(RowKind kind) const;
};

// Sum of the weights of all targets of these rows; a preference row counts as one target. Rows are cut at
// `context_tokens`; targets beyond it are dropped.
double total_weight(const std::vector<const LessonRow*>& rows, const KindWeights& weights, std::int64_t context_tokens);

// Packs rows. Weights are divided by `normaliser`.
Batch pack(const std::vector<const LessonRow*>& rows, const KindWeights& weights, std::int64_t context_tokens,
           double normaliser);

}  // namespace banchu::lora
