// The rows as the steps take them: none longer than the context, none without anything to learn. What had to be split
// or left out is counted, never silent.
//
// Split: a row of more than C tokens becomes windows of C that begin every C / 2 tokens; each target is learned in the
// first window in which it stands, so every target but those of the first window is read behind at least C / 2 tokens.
// A pair of replies (preference) is not split: too long, it is left out.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "ruminate/lesson.h"
#include "train/train.h"

namespace banchu::lora {

struct PreparedRows {
  std::deque<LessonRow> made;          // what splitting made; the others stay where they are
  std::vector<const LessonRow*> rows;  // in order
  RowCounts counts;
};
// The given rows must outlive the result.
PreparedRows prepare_rows(const std::vector<LessonRow>& rows, std::int64_t context_tokens,
                          TrainOptions::LongRows long_rows);

}  // namespace banchu::lora
