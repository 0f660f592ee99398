#include "app/talk_loop.h"

#include <fmt/format.h>

#include "app/interrupt.h"
#include "app/line_editor.h"
#include "app/talk_commands.h"
#include "app/talk_view.h"
#include "base/text.h"

namespace banchu {
namespace {

constexpr std::string_view kFence = "\"\"\"";

Error stopped() { return make_error(Code::Cancelled, "the conversation was stopped", "what was kept is kept"); }

Error unfinished() {
  return make_error(Code::InvalidArgument, "the input ended inside a message; nothing of that message was said",
                    "a message that begins with \"\"\" ends with \"\"\"");
}

class TalkLoop {
 public:
  TalkLoop(AppContext& context, Talk& talk)
      : context_(context), talk_(talk), view_(context, talk, true), editor_(context), commands_(context, talk, view_) {}

  Result<int> run();

 private:
  std::optional<std::string> read_message();
  Status answer(const std::string& message, bool again);
  Status take(const std::string& message);
  int leave();

  AppContext& context_;
  Talk& talk_;
  TalkView view_;
  LineEditor editor_;
  TalkCommands commands_;
  bool is_unfinished_ = false;  // the input ended inside a message of several lines
};

// One line, or what stands between two """.
std::optional<std::string> TalkLoop::read_message() {
  std::optional<std::string> line = editor_.read(view_.prompt());
  if (!line || !line->starts_with(kFence)) return line;
  std::string message = line->substr(kFence.size());
  if (message.ends_with(kFence)) return message.substr(0, message.size() - kFence.size());
  if (editor_.is_interactive()) context_.note(context_.named("... until a line with \"\"\" alone"));
  while ((line = editor_.read("... "))) {
    const bool last = line->ends_with(kFence);
    const std::string part = last ? line->substr(0, line->size() - kFence.size()) : *line;
    if (!message.empty() && !(last && part.empty())) message += '\n';
    message += part;
    if (last) return message;
  }
  is_unfinished_ = true;
  return std::nullopt;
}

Status TalkLoop::answer(const std::string& message, bool again) {
  view_.begin_reply();
  const TextSink show = [this](std::string_view text) { view_.add_text(text); };
  Result<Reply> reply = again ? talk_.regen(show) : talk_.say(message, show);
  if (!reply) {
    view_.drop_reply();
    view_.show_remains(reply.error());
    return std::move(reply).error();
  }
  view_.end_reply(*reply);
  if (talk_.take_self_changed()) {
    context_.note(
        context_.said("while you talked a night ended; from here on self {} speaks", talk_.companion().self->id));
  }
  return {};
}

Status TalkLoop::take(const std::string& message) {
  if (says_nothing(message)) return {};
  if (!message.starts_with('/')) return answer(message, false);
  BANCHU_TRY(const TalkCommands::Next next, commands_.run(message));
  return next == TalkCommands::Next::regen ? answer("", true) : Status{};
}

int TalkLoop::leave() {
  if (talk_.kept_turns() > 0) {
    context_.note(context_.said("{} turns kept. To chew them over: `banchu night`", talk_.kept_turns()));
  } else {
    context_.note(talk_.grows() ? context_.named("nothing was said, nothing was kept")
                                : context_.named("nothing was kept"));
  }
  return 0;
}

Result<int> TalkLoop::run() {
  view_.show_opening();
  bool was_interrupted = false;
  while (!commands_.is_over()) {
    const std::optional<std::string> message = read_message();
    if (!message && !context_.cancel && is_unfinished_) return unfinished();
    if (!message && !context_.cancel) break;
    if (!message) {  // Ctrl-C at the prompt: once clears the line, twice leaves
      if (!editor_.is_interactive() || was_interrupted || was_asked_to_end()) return stopped();
      was_interrupted = true;
      is_unfinished_ = false;
      context_.cancel = false;
      context_.err.write("\n");
      context_.note(context_.named("/bye or Ctrl-D leaves; Ctrl-C again leaves as well"));
      continue;
    }
    was_interrupted = false;
    const Status taken = take(*message);
    if (taken) continue;
    if (!editor_.is_interactive() || was_asked_to_end()) return taken.error();
    context_.cancel = false;  // a reply that Ctrl-C stopped: the conversation goes on
    context_.fail(taken.error());
  }
  if (editor_.is_interactive() && !commands_.is_over()) context_.err.write("\n");
  return leave();
}

}  // namespace

Result<int> run_talk_loop(AppContext& context, Talk& talk) { return TalkLoop(context, talk).run(); }

}  // namespace banchu
