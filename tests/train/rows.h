// Random lesson rows for the tiny llama. For tests.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "base/rng.h"
#include "ruminate/lesson.h"

namespace banchu::test {

inline TopK random_teacher(Rng* rng, std::uint64_t n_vocab, std::size_t k) {
  TopK top;
  double left = 0.95;
  while (top.ids.size() < k) {
    const auto id = static_cast<Token>(rng->below(n_vocab));
    if (std::find(top.ids.begin(), top.ids.end(), id) != top.ids.end()) continue;
    const double p = left * (0.3 + 0.4 * rng->uniform());
    left -= p;
    top.ids.push_back(id);
    top.logprobs.push_back(static_cast<float>(std::log(p)));
  }
  return top;
}

inline std::vector<const LessonRow*> pointers_to(const std::vector<LessonRow>& rows) {
  std::vector<const LessonRow*> list;
  for (const LessonRow& row : rows) list.push_back(&row);
  return list;
}

// Every second position from the middle on is a target. Of a preference row both replies are random.
inline LessonRow random_row(std::uint64_t seed, RowKind kind, std::size_t length, std::uint64_t n_vocab = 61) {
  Rng rng(seed, "row");
  LessonRow row;
  row.kind = kind;
  row.conversation = "c" + std::to_string(seed);
  for (std::size_t t = 0; t < length; ++t) row.tokens.push_back(static_cast<Token>(rng.below(n_vocab)));
  for (std::size_t t = length / 2; t < length; t += 2) {
    if (t == 0) continue;
    row.targets.push_back(static_cast<std::uint32_t>(t));
    if (kind == RowKind::distill || kind == RowKind::rehearsal) row.teacher.push_back(random_teacher(&rng, n_vocab, 4));
  }
  if (kind == RowKind::preference) {
    row.rejected = {row.tokens.begin(), row.tokens.begin() + static_cast<std::ptrdiff_t>(length / 2)};
    for (std::size_t t = row.rejected.size(); t < length + 2; ++t) {
      row.rejected.push_back(static_cast<Token>(rng.below(n_vocab)));
      if (t > 0) row.rejected_targets.push_back(static_cast<std::uint32_t>(t));
    }
  }
  return row;
}

}  // namespace banchu::test
