// Rows of tokens out of messages: rendered by the model's own template, targets taken from its reply spans.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/model.h"
#include "ruminate/lesson.h"

namespace banchu {

// One exchange of a row: the reply is learned from when `is_target`.
struct RowExchange {
  std::string user;
  std::string reply;
  bool is_target = true;
  std::vector<std::string> memories;
};

// A conversation under a mask (or none): what is rendered.
struct RowText {
  std::string mask;
  std::vector<Message> few_shot;
  std::vector<RowExchange> exchanges;
};

// A row and what its teacher reads: the same tokens, or the same replies behind a mask.
struct PendingRow {
  LessonRow row;
  ScoreRequest teacher;  // empty for sft
};

// Renders `text`; exchanges are dropped from its front until the row has at most `max_tokens`. Nothing when even the
// last exchange alone is too long or no reply is a target.
Result<std::optional<LessonRow>> make_row(const ChatTemplate& chat, RowText& text, RowKind kind, int max_tokens);

// A preference row: `text`, whose last exchange was fixed, and the same with the reply that was given before. Nothing
// when either is too long.
Result<std::optional<LessonRow>> make_preference_row(const ChatTemplate& chat, const RowText& text,
                                                     const std::string& given, int max_tokens);

// A distillation row: the student reads the exchanges alone, the teacher reads them behind the mask and its examples.
// Nothing when the template writes the replies differently behind a mask, so that no token stands for its like.
// `masked` loses exchanges from its front as above: what remains is what the row shows.
Result<std::optional<PendingRow>> make_distill_row(const ChatTemplate& chat, RowText& masked, int max_tokens);

std::vector<Message> messages_of(const RowText& text);

}  // namespace banchu
