#include "app/talk_view.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/text.h"

namespace banchu {
namespace {

constexpr Time kSecondsOfDay = 86400;
constexpr std::size_t kShortId = 4;
constexpr const char* kPointer = " ▸ ";

}  // namespace

std::string TalkView::companion_name() const {
  const std::string& name = talk_->conversation().persona().name;
  return name.empty() ? context_->named("banchu") : name;
}

std::string TalkView::self_and_age() const {
  if (talk_->remote() != nullptr) return context_->said("via {}", talk_->remote()->model());
  const std::optional<Self>& self = talk_->companion().self;
  if (!self) return context_->named("bare model");
  const Time days = (now() - self->created) / kSecondsOfDay;
  const std::string age = days < 1 ? context_->named("born today") : context_->said("{} d old", days);
  return context_->said("self {}: {}", self->id.substr(0, kShortId), age);
}

void TalkView::show_opening() const {
  const bool is_remote = talk_->remote() != nullptr;
  const ModelInfo model = is_remote ? ModelInfo() : talk_->companion().model->info();
  context_->note(fmt::format("banchu · {} {} · {}", is_remote ? talk_->remote()->model() : model.name,
                             is_remote ? "(via)" : model.quantisation, status(context_->err, 0)));
  show_server();
  context_->note(context_->err.paint(Style::dim, meaning_of_mode()));
  if (!talk_->grows() && !bag_exists(*context_)) {
    context_->note(context_->said("there is no bag at {}, so nothing can be kept; `banchu bag init` makes one",
                                  bag_folder(*context_).string()));
  }
}

void TalkView::show_server() const {
  if (talk_->remote() == nullptr) return;
  context_->note(
      context_->said("{} at {} speaks and hears all that is said; biases for words and what this companion has learned "
                     "do not work there",
                     talk_->remote()->model(), talk_->remote()->where()));
}

void TalkView::show_remains(const Error& error) const {
  if (heard_.empty() || error.code == Code::Cancelled) return;
  context_->note(context_->said("so far it had said: {}", heard_));
}

std::string TalkView::meaning_of_mode() const {
  return talk_->grows() ? context_->named("growing: what is said here is kept, and may be learned at night")
                        : context_->named("sandbox: nothing said here leaves a trace");
}

std::string TalkView::prompt() const {
  const std::string who = context_->named("you") + kPointer;
  if (!context_->out.has_colour()) return who;
  return fmt::format("\1\x1b[1m\1{}\1\x1b[0m\1", who);
}

TalkView::StatusText TalkView::status_text(double tokens_per_second) const {
  StatusText text;
  text.mode = talk_->grows() ? fmt::format("● {}", context_->named("growing"))
                             : fmt::format("○ {}", context_->named("sandbox"));
  text.rest = "   " + self_and_age();
  if (tokens_per_second > 0) {
    text.rest += "   " + context_->said("{:.0f} tok/s", tokens_per_second);
  }
  if (is_conversation_) text.rest += "   " + context_->named("/help");
  return text;
}

std::string TalkView::status(const Terminal& terminal, double tokens_per_second) const {
  const StatusText text = status_text(tokens_per_second);
  return terminal.paint(talk_->grows() ? Style::green : Style::yellow, text.mode) +
         terminal.paint(Style::dim, text.rest);
}

void TalkView::begin_reply() {
  heard_.clear();
  if (!context_->out.is_terminal() || context_->options.json) return;
  const std::string head = companion_name() + kPointer;
  context_->out.show(context_->out.paint(Style::cyan, head));
  column_ = display_width(head);
}

void TalkView::add_text(std::string_view text) {
  if (!context_->out.is_terminal() || context_->options.json) {
    heard_ += text;
    return;
  }
  context_->out.show(text);
  const std::string shown = shown_text(text);
  const std::size_t line = shown.rfind('\n');
  column_ = line == std::string::npos ? column_ + display_width(shown) : display_width(shown.substr(line + 1));
}

// On a terminal the status stands at the right edge, beside the reply where there is room, else below it.
void TalkView::end_reply(const Reply& reply) {
  if (reply.left_out > 0) {
    drop_reply();
    context_->note(
        context_->said("the oldest {} exchanges no longer fit the model's context and were left out", reply.left_out));
  }
  if (reply.draws > 1) tell_draws(reply);
  if (const std::string refused = talk_->take_refused(); !refused.empty()) {
    drop_reply();
    context_->note(context_->said("the server does not take {}: it speaks without", refused));
  }
  if (!context_->out.is_terminal()) {
    context_->print(reply.text);
    return context_->note(status(context_->err, reply.tokens_per_second));
  }
  if (context_->options.quiet) return context_->out.write("\n");
  const StatusText text = status_text(reply.tokens_per_second);
  const std::size_t width = display_width(text.mode + text.rest);
  const std::size_t columns = context_->out.columns();
  const std::size_t used = column_ % columns;
  const bool fits = used + width + 3 < columns;
  if (!fits && column_ > 0) context_->out.write("\n");
  const std::size_t from = fits ? used : 0;
  const std::size_t gap = columns > from + width + 1 ? columns - from - width - 1 : 0;
  context_->out.show(std::string(gap, ' ') + status(context_->out, reply.tokens_per_second) + "\n");
  column_ = 0;
}

void TalkView::tell_draws(const Reply& reply) {
  drop_reply();
  const std::string told = context_->said("drawn {} times; coherence {:.0f}", reply.draws, reply.score.value_or(0));
  context_->note(context_->err.paint(Style::dim, told));
}

void TalkView::drop_reply() {
  if (context_->out.is_terminal() && column_ > 0) context_->out.write("\n");
  column_ = 0;
}

}  // namespace banchu
