#include <algorithm>

#include "chat/fit.h"
#include "chat/speaking_tool.h"

namespace banchu {
namespace {

class LocalTool final : public SpeakingTool {
 public:
  LocalTool(Session& session, std::size_t context_tokens) : session_(&session), context_tokens_(context_tokens) {
    const std::uint32_t trained_tokens = session.model().info().context_tokens;
    if (trained_tokens > 0) context_tokens_ = std::min<std::size_t>(context_tokens_, trained_tokens);
  }

  Result<Said> speak(const ToSay& what, const TextSink& on_text, const CancelFlag* cancel) override;

 private:
  Session* session_;
  std::size_t context_tokens_;
};

Said said_from(Completion completion, std::size_t dropped) {
  return {std::move(completion.text),
          completion.stop_reason,
          completion.prompt_tokens,
          completion.cached_tokens,
          static_cast<std::uint32_t>(completion.tokens.size()),
          completion.prompt_seconds,
          completion.generation_seconds,
          dropped};
}

Result<Said> LocalTool::speak(const ToSay& what, const TextSink& on_text, const CancelFlag* cancel) {
  const FitLimits limits{context_tokens_, static_cast<std::size_t>(what.sampling.max_tokens)};
  BANCHU_TRY(FittedPrompt prompt, fit_history(session_->model().chat_template(), what.mask, what.few_shot, what.history,
                                              what.user, what.dropped, limits));
  const CompletionRequest request{std::move(prompt.tokens), what.sampling, what.seed};
  BANCHU_TRY(Completion completion, session_->complete(request, on_text, cancel));
  if (completion.stop_reason == StopReason::cancelled)
    return make_error(Code::Cancelled, "the reply was stopped; nothing of it is kept");
  return said_from(std::move(completion), prompt.dropped);
}

}  // namespace

std::unique_ptr<SpeakingTool> local_tool(Session& session, std::size_t context_tokens) {
  return std::make_unique<LocalTool>(session, context_tokens);
}

}  // namespace banchu
