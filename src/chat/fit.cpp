#include "chat/fit.h"

#include <fmt/format.h>

#include <algorithm>

namespace banchu {
namespace {

// A reply needs at least this share of the context, however long the message is.
constexpr std::size_t kSmallestReplyShare = 8;

Error too_long(std::size_t tokens, std::size_t room, const FitLimits& limits) {
  return make_error(
      Code::InvalidArgument,
      fmt::format("the message with its mask and examples is {} tokens long; {} of the model's {} are free", tokens,
                  room, limits.context_tokens),
      "shorten it, or take a model with a longer context");
}

}  // namespace

Result<FittedPrompt> fit_history(const ChatTemplate& chat_template, const std::string& mask,
                                 const std::vector<Message>& few_shot, const std::vector<Exchange>& history,
                                 const std::string& user, std::size_t dropped, const FitLimits& limits) {
  const std::size_t room = limits.context_tokens - std::min(limits.reply_tokens, limits.context_tokens / 2);
  FittedPrompt fitted;
  fitted.dropped = std::min(dropped, history.size());
  std::size_t goal = room;
  while (true) {
    const std::vector<Exchange> recent(history.begin() + static_cast<std::ptrdiff_t>(fitted.dropped), history.end());
    BANCHU_TRY(RenderedChat chat, chat_template.render(assemble_prompt(mask, few_shot, recent, user), true));
    fitted.tokens = std::move(chat.tokens);
    if (fitted.tokens.size() <= goal) return fitted;
    if (recent.empty()) break;
    goal = room * 3 / 4;
    ++fitted.dropped;
  }
  const std::size_t smallest_reply = std::min(limits.reply_tokens, limits.context_tokens / kSmallestReplyShare);
  const std::size_t hard_room = limits.context_tokens - smallest_reply;
  if (fitted.tokens.size() <= hard_room) return fitted;
  return too_long(fitted.tokens.size(), hard_room, limits);
}

}  // namespace banchu
