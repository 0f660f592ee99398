#include "evaluate/speaker.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/rng.h"

namespace banchu {

void Meter::enter(const std::string& what) {
  detail_ = what;
  tell();
}

void Meter::advance(std::uint64_t replies) {
  done_ += replies;
  tell();
}

Status Meter::check_cancelled() const {
  if (!is_cancelled(cancel_)) return {};
  return make_error(Code::Cancelled, "the measurement was stopped", "run the night again; it goes on from here");
}

void Meter::tell() {
  if (sink_) sink_({"measuring", done_, std::max(done_, total_), "reply", detail_});
}

std::string Speaker::key(const Prompt& prompt, int max_tokens, int draw) {
  std::string key = fmt::format("{} {}", max_tokens, draw);
  for (const Message& message : prompt) {
    key += fmt::format("\x1e{}\x1f{}", static_cast<int>(message.role), message.content);
  }
  return key;
}

Result<CompletionRequest> Speaker::request(const Prompt& prompt, int max_tokens, const std::string& key) const {
  BANCHU_TRY(RenderedChat rendered, session_->model().chat_template().render(prompt, true));
  CompletionRequest request{std::move(rendered.tokens), sampling_, Rng(seed_, key).next()};
  request.sampling.max_tokens = std::min(sampling_.max_tokens, max_tokens);
  return request;
}

std::size_t Speaker::unanswered(std::span<const Prompt> prompts, int max_tokens, int draw) const {
  return static_cast<std::size_t>(std::count_if(prompts.begin(), prompts.end(), [&](const Prompt& prompt) {
    return !said_.contains(key(prompt, max_tokens, draw));
  }));
}

Result<std::vector<Spoken>> Speaker::reply(std::span<const Prompt> prompts, int max_tokens, int draw) {
  std::vector<std::string> missing;
  std::vector<CompletionRequest> requests;
  for (const Prompt& prompt : prompts) {
    const std::string name = key(prompt, max_tokens, draw);
    if (said_.contains(name) || std::find(missing.begin(), missing.end(), name) != missing.end()) continue;
    BANCHU_TRY(CompletionRequest one, request(prompt, max_tokens, name));
    missing.push_back(name);
    requests.push_back(std::move(one));
  }
  if (!requests.empty()) {
    BANCHU_TRY_STATUS(session_->set_adapters(adapters_));
    std::size_t before = 0;
    const auto on_done = [&](std::size_t done) {
      meter_->advance(done - before);
      before = done;
    };
    BANCHU_TRY(const std::vector<Completion> completions, session_->complete_all(requests, on_done, meter_->cancel()));
    BANCHU_TRY_STATUS(meter_->check_cancelled());
    generated_ += static_cast<int>(completions.size());
    for (std::size_t i = 0; i < missing.size(); ++i) {
      said_[missing[i]] = {completions[i].text, completions[i].stop_reason == StopReason::max_tokens ||
                                                    completions[i].stop_reason == StopReason::context_full};
    }
  }
  std::vector<Spoken> replies;
  for (const Prompt& prompt : prompts) replies.push_back(said_[key(prompt, max_tokens, draw)]);
  return replies;
}

Result<std::vector<Score>> Speaker::score(std::span<const ScoreRequest> requests, int top_k) {
  BANCHU_TRY_STATUS(meter_->check_cancelled());
  BANCHU_TRY_STATUS(session_->set_adapters(adapters_));
  BANCHU_TRY(std::vector<Score> scores, session_->score(requests, top_k, nullptr, meter_->cancel()));
  BANCHU_TRY_STATUS(meter_->check_cancelled());
  return scores;
}

Result<Pace> Speaker::time_one_reply(const Prompt& prompt, int tokens, int threads) {
  BANCHU_TRY_STATUS(session_->set_adapters(adapters_));
  BANCHU_TRY(CompletionRequest one, request(prompt, tokens, "speed"));
  one.sampling.temperature = 0;
  one.threads = threads;
  BANCHU_TRY(const Completion completion, session_->complete(one, nullptr, meter_->cancel()));
  BANCHU_TRY_STATUS(meter_->check_cancelled());
  const auto said = static_cast<double>(std::max<std::size_t>(completion.tokens.size(), 1));
  const double seconds = completion.generation_seconds;
  return Pace{seconds > 0 ? said / seconds : 0, 1000 * completion.processor_seconds / said};
}

}  // namespace banchu
