#include <algorithm>

#include "chat/speaking_tool.h"

namespace banchu {
namespace {

class RemoteTool final : public SpeakingTool {
 public:
  explicit RemoteTool(RemoteChat& remote) : remote_(&remote) {}

  Result<Said> speak(const ToSay& what, const TextSink& on_text, const CancelFlag* cancel) override;

 private:
  RemoteChat* remote_;
};

Said said_from(RemoteReply reply, std::size_t dropped) {
  return {std::move(reply.text),   reply.stop_reason,    reply.prompt_tokens,      reply.cached_tokens,
          reply.completion_tokens, reply.prompt_seconds, reply.generation_seconds, dropped};
}

Result<Said> RemoteTool::speak(const ToSay& what, const TextSink& on_text, const CancelFlag* cancel) {
  std::size_t dropped = std::min(what.dropped, what.history.size());
  while (true) {
    const std::vector<Exchange> recent(what.history.begin() + static_cast<std::ptrdiff_t>(dropped), what.history.end());
    const std::vector<Message> messages = assemble_prompt(what.mask, what.few_shot, recent, what.user);
    Result<RemoteReply> reply = remote_->reply(messages, what.sampling, what.seed, on_text, cancel);
    if (reply) return said_from(std::move(*reply), dropped);
    if (reply.error().code == Code::Cancelled)
      return make_error(Code::Cancelled, "the reply was stopped; nothing of it is kept");
    if (reply.error().code != Code::NoSpace) return std::move(reply).error();
    if (recent.empty()) return make_error(Code::InvalidArgument, reply.error().message, reply.error().hint);
    dropped += (recent.size() + 3) / 4;
  }
}

}  // namespace

std::unique_ptr<SpeakingTool> remote_tool(RemoteChat& remote) { return std::make_unique<RemoteTool>(remote); }

}  // namespace banchu
