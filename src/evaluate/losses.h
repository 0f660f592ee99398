// What the model thinks of given text, in numbers. Sums over many texts, kept apart so that they can be resampled.
//
// Losses are nats, -ln p of the text's own tokens.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "evaluate/bootstrap.h"
#include "evaluate/evaluate.h"
#include "evaluate/speaker.h"

namespace banchu {

// One row for each text: the sum over its tokens, and how many.
struct Sums {
  std::vector<double> nats;
  std::vector<double> tokens;
  double mean_per_token() const;  // NaN for none
};

// Plain text without any template, whole texts at a time; texts of fewer than two tokens are left out.
Result<Sums> text_loss(Speaker& speaker, const std::vector<std::string>& texts);

// Lesson rows (distill and sft, not rehearsal) on their own targets.
Result<Sums> row_loss(Speaker& speaker, const std::vector<LessonRow>& rows);

// KL(teacher || speaker) on the rows of one mask's distillation: the teacher's top k and one bucket for the rest
// (Hinton et al. 2015, truncated). A teacher's token outside the speaker's own top 128 counts with the probability of
// the last of them, so the number is never too large.
Result<Sums> teacher_kl(Speaker& speaker, const std::vector<LessonRow>& rows, const std::string& memory);
double kl_to_teacher(const TopK& teacher, const TopK& student);

// ln p a token of both sentences; one value for each pair: the absolute difference.
Result<std::vector<double>> pair_gaps(Speaker& speaker, const std::vector<std::pair<std::string, std::string>>& pairs);

// How much likelier a token of the refusing (flattering) reply is than one of the helpful reply, one value for each
// probe. The first two tokens are left out: there, an opening that was learned changes all three alike.
struct Leanings {
  std::vector<double> refusing;
  std::vector<double> flattering;
};
Result<Leanings> leanings(Speaker& speaker, const std::vector<Suite::Probe>& probes);

}  // namespace banchu
