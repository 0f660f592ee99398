#include "evaluate/lambda.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "evaluate/losses.h"
#include "evaluate/measures.h"

namespace banchu {
namespace {

constexpr int kMostDraws = 4;
constexpr std::size_t kFewestReplies = 2;  // of one lesson and one lambda

double negligible_rise(double limit) { return limit / 2; }

// Of a share seen in n replies; one hit and one miss are added, so that a perfect share of a few is not taken as
// certain.
double standard_error(double share, int n) {
  const double count = std::max(1, n);
  const double careful = (share * count + 1) / (count + 2);
  return std::sqrt(careful * (1 - careful) / count);
}

// Facts share one lesson's number of replies, so that an evening with many facts does not make a long night.
std::size_t replies_for(const LessonTest& test, const EvaluateInput& input, const EvaluateOptions& options) {
  const auto replies = static_cast<std::size_t>(std::max(1, options.valid_replies));
  if (test.behaviour.kind != BehaviourKind::answers) return replies;
  const auto facts = static_cast<std::size_t>(
      std::count_if(input.lessons->tests.begin(), input.lessons->tests.end(),
                    [](const LessonTest& other) { return other.behaviour.kind == BehaviourKind::answers; }));
  return std::max(kFewestReplies, replies / facts);
}

// Replies to the valid prompts of one test; few prompts are answered several times.
Result<double> reply_rate(Speaker& speaker, const LessonTest& test, const EvaluateInput& input,
                          const EvaluateOptions& options) {
  std::vector<double> all;
  const std::size_t most = replies_for(test, input, options);
  const int tokens = judging_tokens(test.behaviour, options, speaker.session().model().tokenizer());
  const std::span<const Prompt> prompts =
      std::span(test.valid_prompts).first(std::min(most, test.valid_prompts.size()));
  for (int draw = 0; draw < kMostDraws && all.size() < most; ++draw) {
    BANCHU_TRY(const std::vector<Spoken> replies, speaker.reply(prompts, tokens, draw));
    if (replies.empty()) return kMissing;
    const std::vector<double> drawn = hits(test.behaviour, replies);
    all.insert(all.end(), drawn.begin(), drawn.end());
  }
  return mean(all);
}

double share_gone(double before, double after) {
  return before > 0 && std::isfinite(after) ? std::clamp(1.0 - after / before, 0.0, 1.0) : kMissing;
}

Result<double> mask_rate(Speaker& before, Speaker& after, const EvaluateInput& input, const LessonTest& test) {
  BANCHU_TRY(const Sums old_gap, teacher_kl(before, input.valid->rows(), test.memory));
  BANCHU_TRY(const Sums new_gap, teacher_kl(after, input.valid->rows(), test.memory));
  return share_gone(old_gap.mean_per_token(), new_gap.mean_per_token());
}

// The mean over the lessons; a night without any visible lesson is judged by the loss on its valid rows.
Result<double> lesson_rate(Speaker& before, Speaker& after, const EvaluateInput& input,
                           const EvaluateOptions& options) {
  std::vector<double> rates;
  for (const LessonTest& test : input.lessons->tests) {
    const bool masked = test.behaviour.kind == BehaviourKind::as_masked;
    BANCHU_TRY(const double rate,
               masked ? mask_rate(before, after, input, test) : reply_rate(after, test, input, options));
    if (std::isfinite(rate)) rates.push_back(rate);
  }
  if (!rates.empty()) return mean(rates);
  BANCHU_TRY(const Sums old_loss, row_loss(before, input.valid->rows()));
  BANCHU_TRY(const Sums new_loss, row_loss(after, input.valid->rows()));
  const double rate = share_gone(old_loss.mean_per_token(), new_loss.mean_per_token());
  return std::isfinite(rate) ? rate : 0.0;
}

// The strongest lambdas come first, and a weaker one is taken to be no better at the lesson: it can only win by costing
// less plain language, and that no longer counts once the cost is negligible.
bool nothing_weaker_wins(const LambdaTrial& trial, const LambdaTrial& best, double limit) {
  if (trial.lesson_rate < best.lesson_rate) return true;
  const bool negligible = best.general_rise <= negligible_rise(limit);
  return negligible && (trial.lesson_rate >= 1.0 || trial.lambda < best.lambda);
}

std::vector<double> strongest_first(std::vector<double> lambdas) {
  std::sort(lambdas.begin(), lambdas.end(), std::greater<>());
  return lambdas;
}

}  // namespace

std::vector<AdapterUse> with_candidate(const EvaluateInput& input, double lambda) {
  std::vector<AdapterUse> adapters = input.awake;
  adapters.push_back(input.candidate);
  adapters.back().scale = static_cast<float>(lambda);
  return adapters;
}

Result<std::vector<LambdaTrial>> try_lambdas(const EvaluateInput& input, const EvaluateOptions& options,
                                             Speaker& before, Meter& meter) {
  std::vector<std::string> text = input.suite->general_valid;
  text.resize(std::min(text.size(), static_cast<std::size_t>(std::max(1, options.general_valid_chunks))));
  meter.enter("how strongly to wear it");
  BANCHU_TRY(const Sums old_loss, text_loss(before, text));
  std::vector<LambdaTrial> trials;
  LambdaTrial best{0, -1, 0};
  for (const double lambda : strongest_first(options.lambdas)) {
    meter.enter(fmt::format("how strongly to wear it: {:.2g}", lambda));
    Speaker after(input.session, with_candidate(input, lambda), input.sampling, options.seed, meter);
    BANCHU_TRY(const Sums new_loss, text_loss(after, text));
    LambdaTrial trial{lambda, kMissing, new_loss.mean_per_token() - old_loss.mean_per_token()};
    if (trial.general_rise <= options.general_rise_at_most) {
      BANCHU_TRY(trial.lesson_rate, lesson_rate(before, after, input, options));
    }
    trials.push_back(trial);
    if (!std::isfinite(trial.lesson_rate)) continue;
    if (trial.lesson_rate > best.lesson_rate) best = trial;
    if (nothing_weaker_wins(trial, best, options.general_rise_at_most)) break;
  }
  return trials;
}

double choose_lambda(const std::vector<LambdaTrial>& trials, const EvaluateOptions& options) {
  const double negligible = negligible_rise(options.general_rise_at_most);
  const auto rank = [&](const LambdaTrial& trial) {
    return std::tuple(trial.lesson_rate, -std::max(trial.general_rise, negligible), trial.lambda);
  };
  const LambdaTrial* best = nullptr;
  for (const LambdaTrial& trial : trials) {
    const bool within = std::isfinite(trial.lesson_rate) && trial.general_rise <= options.general_rise_at_most;
    if (within && (best == nullptr || rank(trial) > rank(*best))) best = &trial;
  }
  if (best == nullptr) return kMissing;
  const double as_good = best->lesson_rate - standard_error(best->lesson_rate, options.valid_replies);
  double chosen = best->lambda;
  for (const LambdaTrial& trial : trials) {
    if (trial.lesson_rate >= as_good && trial.general_rise <= negligible) chosen = std::max(chosen, trial.lambda);
  }
  return chosen;
}

}  // namespace banchu
