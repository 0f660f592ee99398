#include "ruminate/row.h"

#include <algorithm>

#include "chat/prompt.h"

namespace banchu {
namespace {

void add_targets(LessonRow& row, const RowText& text, const RenderedChat& rendered, std::size_t few_shot_replies) {
  for (std::size_t k = 0; k < text.exchanges.size(); ++k) {
    if (!text.exchanges[k].is_target) continue;
    const TokenSpan span = rendered.replies[few_shot_replies + k];
    for (std::size_t t = std::max<std::size_t>(span.begin, 1); t < span.end; ++t) {
      row.targets.push_back(static_cast<std::uint32_t>(t));
    }
    for (const std::string& id : text.exchanges[k].memories) {
      if (std::find(row.memories.begin(), row.memories.end(), id) == row.memories.end()) row.memories.push_back(id);
    }
  }
}

std::size_t replies_in(const std::vector<Message>& messages) {
  return static_cast<std::size_t>(
      std::count_if(messages.begin(), messages.end(), [](const Message& m) { return m.role == Role::assistant; }));
}

bool has_target(const RowText& text) {
  return std::any_of(text.exchanges.begin(), text.exchanges.end(), [](const RowExchange& e) { return e.is_target; });
}

Result<RenderedChat> rendered(const ChatTemplate& chat, const RowText& text) {
  const std::vector<Message> messages = messages_of(text);
  BANCHU_TRY(RenderedChat result, chat.render(messages, false));
  if (result.replies.size() != replies_in(messages)) {
    return make_error(Code::Unsupported, "the model's chat template leaves out replies of a conversation",
                      "choose another model to grow with, or give this one a plain template");
  }
  return result;
}

}  // namespace

std::vector<Message> messages_of(const RowText& text) {
  std::vector<Message> messages;
  if (!text.mask.empty()) messages.push_back({Role::system, text.mask});
  messages.insert(messages.end(), text.few_shot.begin(), text.few_shot.end());
  for (const RowExchange& exchange : text.exchanges) {
    messages.push_back({Role::user, exchange.user});
    messages.push_back({Role::assistant, exchange.reply});
  }
  return messages;
}

Result<std::optional<LessonRow>> make_row(const ChatTemplate& chat, RowText& text, RowKind kind, int max_tokens) {
  while (has_target(text)) {
    BANCHU_TRY(const RenderedChat chat_text, rendered(chat, text));
    if (chat_text.tokens.size() <= static_cast<std::size_t>(max_tokens)) {
      LessonRow row;
      row.kind = kind;
      row.tokens = chat_text.tokens;
      add_targets(row, text, chat_text, replies_in(text.few_shot));
      return std::optional<LessonRow>(std::move(row));
    }
    text.exchanges.erase(text.exchanges.begin());
  }
  return std::optional<LessonRow>();
}

Result<std::optional<LessonRow>> make_preference_row(const ChatTemplate& chat, const RowText& text,
                                                     const std::string& given, int max_tokens) {
  RowText chosen = text, rejected = text;
  rejected.exchanges.back().reply = given;
  BANCHU_TRY(std::optional<LessonRow> row, make_row(chat, chosen, RowKind::preference, max_tokens));
  BANCHU_TRY(std::optional<LessonRow> other, make_row(chat, rejected, RowKind::preference, max_tokens));
  // One of them may have lost more of its history than the other: then they are no answers to the same words.
  if (!row || !other || chosen.exchanges.size() != rejected.exchanges.size()) return std::optional<LessonRow>();
  row->rejected = std::move(other->tokens);
  row->rejected_targets = std::move(other->targets);
  return row;
}

Result<std::optional<PendingRow>> make_distill_row(const ChatTemplate& chat, RowText& masked, int max_tokens) {
  BANCHU_TRY(std::optional<LessonRow> teacher, make_row(chat, masked, RowKind::distill, max_tokens));
  if (!teacher) return std::optional<PendingRow>();
  RowText plain{"", {}, masked.exchanges};
  BANCHU_TRY(std::optional<LessonRow> student, make_row(chat, plain, RowKind::distill, max_tokens));
  if (!student || student->targets.size() != teacher->targets.size()) return std::optional<PendingRow>();
  for (std::size_t i = 0; i < student->targets.size(); ++i) {
    if (student->tokens[student->targets[i]] != teacher->tokens[teacher->targets[i]])
      return std::optional<PendingRow>();
  }
  return std::optional<PendingRow>(PendingRow{std::move(*student), {std::move(teacher->tokens), teacher->targets}});
}

}  // namespace banchu
