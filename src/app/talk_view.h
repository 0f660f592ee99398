// How a conversation looks: who speaks, the reply as it comes, and the line that always says whether it grows.
#pragma once

#include <string>

#include "app/context.h"
#include "app/talk.h"

namespace banchu {

class TalkView {
 public:
  // `is_conversation`: more may be typed, so /help stands in the status.
  TalkView(AppContext& context, Talk& talk, bool is_conversation)
      : context_(&context), talk_(&talk), is_conversation_(is_conversation) {}

  void show_opening() const;   // what growing or sandbox means, and the model
  std::string prompt() const;  // "you ▸ ", with the escapes of libedit's prompt
  std::string meaning_of_mode() const;
  // "● growing   self 3f9a: born today   18 tok/s   /help"
  std::string status(const Terminal& terminal, double tokens_per_second) const;

  // A reply streams on a terminal and comes whole to a pipe. Call in this order; end_reply or drop_reply closes it.
  void begin_reply();
  void add_text(std::string_view text);
  void end_reply(const Reply& reply);
  void drop_reply();
  // After drop_reply, where an error ended the reply: what had come of it, where it does not stand on the screen yet.
  void show_remains(const Error& error) const;
  // Where a server's model speaks: who hears what is said, and what it cannot do.
  void show_server() const;

 private:
  struct StatusText {
    std::string mode;  // in colour
    std::string rest;  // dim
  };
  void tell_draws(const Reply& reply);
  StatusText status_text(double tokens_per_second) const;
  std::string companion_name() const;
  std::string self_and_age() const;

  AppContext* context_;
  Talk* talk_;
  bool is_conversation_;
  std::size_t column_ = 0;  // of the cursor while a reply streams
  std::string heard_;       // of the reply, where nothing streams
};

}  // namespace banchu
