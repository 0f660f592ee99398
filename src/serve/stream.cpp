#include "serve/stream.h"

#include "base/clock.h"

namespace banchu {
namespace {

FinishedReply finished_of(const Replies& replies, Completion completion, const std::string& self) {
  const std::string& turn = replies.turn_id();
  return {std::move(completion), self, turn, turn.empty() ? "" : replies.conversation()};
}

constexpr std::chrono::milliseconds kLook{500};  // how often a silent client is looked at
constexpr std::chrono::milliseconds kTurn{20};   // between several replies
constexpr double kPingSeconds = 15;

}  // namespace

Result<std::vector<FinishedReply>> wait_for(Replies& replies, const std::function<bool()>& is_gone) {
  std::vector<FinishedReply> finished;
  for (std::size_t i = 0; i < replies.count(); ++i) {
    while (finished.size() == i) {
      Hearing::Heard heard = replies.hearing(i).take(kLook);
      if (!heard.ended) {
        if (is_gone()) return make_error(Code::Cancelled, "the client has gone");
        continue;
      }
      if (!*heard.ended) return heard.ended->error();
      BANCHU_TRY_STATUS(replies.keep(i, **heard.ended, heard.self));
      finished.push_back(finished_of(replies, std::move(**heard.ended), heard.self));
    }
  }
  return finished;
}

namespace {

// One look at the i-th reply. False: the client is gone, or an error was sent.
bool send_some(Replies& replies, std::size_t i, const StreamShape& shape, const StreamWriter& write,
               std::vector<std::optional<FinishedReply>>& finished, double& last_sent) {
  const Hearing::Heard heard = replies.hearing(i).take(replies.count() == 1 ? kLook : kTurn);
  std::string out;
  if (!heard.text.empty()) out += shape.piece(i, heard.text);
  if (heard.ended) {
    Status status = *heard.ended ? replies.keep(i, **heard.ended, heard.self) : Status(heard.ended->error());
    if (!status) {
      write(out + shape.error(status.error()));
      return false;
    }
    finished[i] = finished_of(replies, **heard.ended, heard.self);
    out += shape.end(i, *finished[i]);
  }
  if (out.empty() && steady_seconds() - last_sent > kPingSeconds) out = shape.ping;
  if (!out.empty()) last_sent = steady_seconds();
  return write(out);
}

}  // namespace

void send(Replies& replies, const StreamShape& shape, const StreamWriter& write) {
  std::string opening;
  for (std::size_t i = 0; i < replies.count(); ++i) opening += shape.opening(i);
  if (!write(opening)) return;
  std::vector<std::optional<FinishedReply>> finished(replies.count());
  double last_sent = steady_seconds();
  for (std::size_t left = replies.count(); left > 0;) {
    left = 0;
    for (std::size_t i = 0; i < replies.count(); ++i) {
      if (finished[i]) continue;
      if (!send_some(replies, i, shape, write, finished, last_sent)) return;
      if (!finished[i]) ++left;
    }
  }
  std::vector<FinishedReply> all;
  for (auto& one : finished) all.push_back(std::move(*one));
  write(shape.closing(all));
}

HttpAnswerOut streamed(const char* type, std::shared_ptr<Replies> replies, StreamShape shape) {
  HttpAnswerOut answer;
  answer.type = type;
  answer.stream = [replies = std::move(replies), shape = std::move(shape)](const StreamWriter& write) {
    send(*replies, shape, write);
  };
  return answer;
}

std::string server_event(const Json& json) { return "data: " + to_line(json) + "\n\n"; }

const char* openai_finish(StopReason reason) {
  return reason == StopReason::max_tokens || reason == StopReason::context_full ? "length" : "stop";
}

}  // namespace banchu
