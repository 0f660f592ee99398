// The cheap deterministic filters: each looks at one text and says what is wrong with it, or nothing.
//
// Pure functions, no regular expressions (their backtracking overflows the stack on hostile input), linear in the text.
// Every filter knows English and Korean; another language passes rather than being struck by a rule not made for it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "journal/entry.h"
#include "ruminate/ruminate.h"

namespace banchu {

struct Finding {
  Reason reason = Reason::chatter;
  std::string detail;  // plain words for the user; never quotes a secret
};

// Each answers the first finding in `text`, or nothing. `who` is "the message" or "the reply".
std::optional<Finding> find_template_tokens(std::string_view text, const std::string& who);
std::optional<Finding> find_secret(std::string_view text, const std::string& who);
std::optional<Finding> find_paste(std::string_view text, const std::string& who);   // logs, tracebacks
std::optional<Finding> find_markup(std::string_view text, const std::string& who);  // tags, code, JSON
std::optional<Finding> find_gibberish(std::string_view text, const std::string& who);
std::optional<Finding> find_too_long(std::string_view text, const std::string& who);

// A message that only keeps a talk going: "ok", "lol", "ㅋㅋ", "네".
bool is_chatter(std::string_view text);

// All of them over one entry, the gravest first: invalid text, struck, template tokens, secret, pasted, markup,
// gibberish, too long, chatter. `reply` is what would be taught (the fixed reply, when there is one).
std::optional<Finding> find_fault(const Entry& entry);

// What would be taught of this entry: the fixed reply, else the reply.
const std::string& taught_reply(const Entry& entry);

}  // namespace banchu
