#include "model/token_sampler.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace banchu {
namespace {

// LLAMA_DEFAULT_SEED would mean "from the clock".
std::uint32_t engine_seed(std::uint64_t seed) {
  const auto folded = static_cast<std::uint32_t>(seed ^ (seed >> 32));
  return folded == LLAMA_DEFAULT_SEED ? 0x5eed5eed : folded;
}

bool penalises(const SamplingOptions& options) {
  return options.repetition_penalty != 1.0f || options.frequency_penalty != 0.0f || options.presence_penalty != 0.0f;
}

}  // namespace

TokenSampler::TokenSampler(const SamplingOptions& options, std::uint64_t seed, const Tokenizer& tokenizer,
                           LlamaSamplerHandle grammar)
    : tokenizer_(tokenizer),
      options_(options),
      chain_(llama_sampler_chain_init(llama_sampler_chain_default_params())),
      grammar_(std::move(grammar)) {
  if (penalises(options)) {
    const float repetition = options.repetition_penalty > 0 ? options.repetition_penalty : 1.0f;
    const int window = std::clamp(options.max_tokens, 1, 1 << 17);  // the whole reply
    penalties_.reset(llama_sampler_init_penalties(static_cast<int>(tokenizer.vocabulary_size()), window, repetition,
                                                  options.frequency_penalty, options.presence_penalty));
  }
  if (options.temperature <= 0) {
    llama_sampler_chain_add(chain_.get(), llama_sampler_init_greedy());
    return;
  }
  if (options.top_k > 0) llama_sampler_chain_add(chain_.get(), llama_sampler_init_top_k(options.top_k));
  if (options.top_p < 1) llama_sampler_chain_add(chain_.get(), llama_sampler_init_top_p(options.top_p, 1));
  if (options.min_p > 0) llama_sampler_chain_add(chain_.get(), llama_sampler_init_min_p(options.min_p, 1));
  llama_sampler_chain_add(chain_.get(), llama_sampler_init_temp(options.temperature));
  llama_sampler_chain_add(chain_.get(), llama_sampler_init_dist(engine_seed(seed)));
}

// Every token, or those that can still be among the top k once penalties have moved the seen ones: the k + seen most
// likely, and the seen ones themselves. The result is the same; looking up a whole vocabulary is slow.
void TokenSampler::choose_candidates(std::span<const float> logits) {
  candidates_.clear();
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] != -INFINITY) candidates_.push_back({static_cast<Token>(i), logits[i], 0.0f});
  }
  const std::size_t top = options_.temperature <= 0 ? 1 : static_cast<std::size_t>(std::max(options_.top_k, 0));
  const std::size_t keep = top + seen_.size();
  if (top == 0 || keep >= candidates_.size()) return;
  const auto before = [](const llama_token_data& a, const llama_token_data& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
  };
  const auto middle = candidates_.begin() + static_cast<std::ptrdiff_t>(keep);
  std::nth_element(candidates_.begin(), middle, candidates_.end(), before);
  auto end = std::partition(middle, candidates_.end(), [&](const auto& c) { return seen_.contains(c.id); });
  candidates_.erase(end, candidates_.end());
  std::sort(candidates_.begin(), candidates_.end(), before);
}

Token TokenSampler::sample(std::span<const float> logits) {
  const Token free = draw(logits);
  if (grammar_ == nullptr || free < 0 || is_within_grammar(free)) return free;
  judged_.clear();
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] != -INFINITY) judged_.push_back({static_cast<Token>(i), logits[i], 0.0f});
  }
  llama_token_data_array array{judged_.data(), judged_.size(), -1, false};
  llama_sampler_apply(grammar_.get(), &array);
  allowed_.assign(logits.size(), -INFINITY);
  for (const llama_token_data& one : judged_) allowed_[static_cast<std::size_t>(one.id)] = one.logit;
  return draw(allowed_);
}

bool TokenSampler::is_within_grammar(Token token) const {
  llama_token_data one{token, 0.0f, 0.0f};
  llama_token_data_array array{&one, 1, -1, false};
  llama_sampler_apply(grammar_.get(), &array);
  return one.logit != -INFINITY;
}

Token TokenSampler::draw(std::span<const float> logits) {
  choose_candidates(logits);
  if (candidates_.empty()) return -1;
  llama_token_data_array array{candidates_.data(), candidates_.size(), -1, false};
  if (penalties_ != nullptr) llama_sampler_apply(penalties_.get(), &array);
  llama_sampler_apply(chain_.get(), &array);
  return array.selected < 0 ? -1 : array.data[array.selected].id;
}

void TokenSampler::accept(Token token) {
  if (grammar_ != nullptr) llama_sampler_accept(grammar_.get(), token);
  if (penalties_ == nullptr) return;
  const bool repeats_itself = token == last_;
  last_ = token;
  if (is_punctuation(tokenizer_.piece(token)) && !repeats_itself) return;
  ++seen_[token];
  llama_sampler_accept(penalties_.get(), token);
}

void TokenSampler::restart(std::span<const Token> tokens) {
  if (grammar_ != nullptr) llama_sampler_reset(grammar_.get());
  if (penalties_ != nullptr) llama_sampler_reset(penalties_.get());
  seen_.clear();
  last_ = -1;
  for (const Token token : tokens) accept(token);
}

}  // namespace banchu
