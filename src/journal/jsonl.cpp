#include "journal/jsonl.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "journal/rows.h"

namespace banchu {
namespace {

constexpr std::size_t kIdDigits = 16;

Error wrong(const std::string& where, const std::string& what, const std::string& hint = "") {
  return make_error(Code::InvalidArgument, fmt::format("{}: {}", where, what), hint);
}

struct Meta {
  std::optional<Time> time;
  bool approved = false;
};

Result<Meta> parse_meta(const Json& line, const std::string& where) {
  Meta meta;
  if (!line.contains("meta") || line["meta"].is_null()) return meta;
  const Json& json = line["meta"];
  if (!json.is_object()) return wrong(where, "\"meta\" is not an object");
  if (json.contains("time") && !json["time"].is_null()) {
    if (!json["time"].is_string()) return wrong(where, "\"time\" is not text", "write it as 2026-11-22T14:55:53Z");
    const Result<Time> time = parse_time(json["time"].get<std::string>());
    if (!time) return wrong(where, time.error().message, time.error().hint);
    if (*time < 0) return wrong(where, "\"time\" lies before 1970");
    meta.time = *time;
  }
  if (json.contains("approved") && !json["approved"].is_null()) {
    if (!json["approved"].is_boolean()) return wrong(where, "\"approved\" is neither true nor false");
    meta.approved = json["approved"].get<bool>();
  }
  return meta;
}

// After the mask: user, assistant, user, assistant ...; nothing empty, nothing without an answer.
Status check_messages(const std::vector<Message>& messages, std::size_t first, const std::string& where) {
  if (messages.size() > kMostMessages) return wrong(where, fmt::format("has more than {} messages", kMostMessages));
  if (messages.size() < first + 2) return wrong(where, "has no message with a reply");
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (messages[i].content.size() > kLargestMessage_bytes) {
      return wrong(where, fmt::format("message {} is larger than {} bytes", i + 1, kLargestMessage_bytes));
    }
    if (i < first) continue;
    const Role wanted = (i - first) % 2 == 0 ? Role::user : Role::assistant;
    if (messages[i].role != wanted) {
      return wrong(where, fmt::format("message {} is out of turn", i + 1),
                   "after an optional system message, user and assistant take turns, beginning with user");
    }
    if (says_nothing(messages[i].content)) return wrong(where, fmt::format("message {} is empty", i + 1));
  }
  if ((messages.size() - first) % 2 != 0) return wrong(where, "the last message has no reply");
  return {};
}

AddedConversation make_conversation(const std::vector<Message>& messages, std::size_t first, const Meta& meta,
                                    Time now) {
  AddedConversation added;
  const Json identity = {{"time", meta.time ? Json(*meta.time) : Json()}, {"messages", messages_to_json(messages)}};
  added.digest = sha256(to_line(identity));
  for (std::size_t i = first; i + 1 < messages.size(); i += 2) {
    Entry entry;
    entry.source = EntrySource::added;
    entry.mark = meta.approved ? EntryMark::kept : EntryMark::none;
    entry.turn.index = static_cast<int>((i - first) / 2);
    entry.turn.conversation = added.digest.substr(0, kIdDigits);
    entry.turn.id = sha256(fmt::format("{}/{}", added.digest, entry.turn.index)).substr(0, kIdDigits);
    entry.turn.time = meta.time.value_or(now);
    if (first == 1) entry.turn.mask = messages[0].content;
    entry.turn.user = messages[i].content;
    entry.turn.reply = messages[i + 1].content;
    added.entries.push_back(std::move(entry));
  }
  return added;
}

Result<AddedConversation> checked_conversation(std::vector<Message> messages, const Meta& meta, Time now,
                                               const std::string& where) {
  for (Message& message : messages) message.content = nfc(message.content);
  // An empty mask is no mask.
  if (!messages.empty() && messages[0].role == Role::system && says_nothing(messages[0].content)) {
    messages.erase(messages.begin());
  }
  const std::size_t first = !messages.empty() && messages[0].role == Role::system ? 1 : 0;
  BANCHU_TRY_STATUS(check_messages(messages, first, where));
  return make_conversation(messages, first, meta, now);
}

Result<AddedConversation> parse_line(std::string_view line, const std::string& where, Time now) {
  BANCHU_TRY_STATUS(check_utf8(line, where));
  BANCHU_TRY(const Json json, parse_json(line, where));
  if (!json.is_object()) return wrong(where, "is not a JSON object", "one conversation a line: {\"messages\":[...]}");
  BANCHU_TRY(const Meta meta, parse_meta(json, where));
  BANCHU_TRY(std::vector<Message> messages,
             messages_from_json(json.contains("messages") ? json["messages"] : Json(), where));
  return checked_conversation(std::move(messages), meta, now, where);
}

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

struct ExportedLine {
  std::vector<Message> messages;
  Time time = 0;
  bool approved = true;
};

std::string to_text(const ExportedLine& line) {
  return to_line({{"messages", messages_to_json(line.messages)},
                  {"meta", {{"time", format_time(line.time)}, {"approved", line.approved}}}}) +
         "\n";
}

}  // namespace

Result<std::vector<AddedConversation>> parse_conversations(std::string_view text, const std::string& what, Time now) {
  std::vector<AddedConversation> conversations;
  text = without_byte_order_mark(text);
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    BANCHU_TRY(AddedConversation added, parse_line(line, fmt::format("{}, line {}", what, number), now));
    conversations.push_back(std::move(added));
  }
  return conversations;
}

Result<AddedConversation> conversation_of(std::vector<Message> messages, bool approved, Time now,
                                          const std::string& what) {
  for (const Message& message : messages) BANCHU_TRY_STATUS(check_utf8(message.content, what));
  return checked_conversation(std::move(messages), {std::nullopt, approved}, now, what);
}

std::string export_conversations(std::span<const Entry> entries) {
  std::vector<ExportedLine> lines;
  std::map<std::pair<std::string, std::string>, std::size_t> line_of;  // by conversation and mask
  for (const Entry& entry : entries) {
    if (entry.mark == EntryMark::struck) continue;  // the form has no "never", and elsewhere it would be taught
    const auto [place, is_new] = line_of.try_emplace({entry.turn.conversation, entry.turn.mask}, lines.size());
    if (is_new) {
      lines.push_back({{}, entry.turn.time, true});
      if (!entry.turn.mask.empty()) lines.back().messages.push_back({Role::system, entry.turn.mask});
    }
    ExportedLine& line = lines[place->second];
    const bool is_fixed = entry.mark == EntryMark::fixed;
    line.messages.push_back({Role::user, entry.turn.user});
    line.messages.push_back({Role::assistant, is_fixed ? entry.fixed_reply : entry.turn.reply});
    line.approved = line.approved && (is_fixed || entry.mark == EntryMark::kept);
  }
  std::string text;
  for (const ExportedLine& line : lines) text += to_text(line);
  return text;
}

}  // namespace banchu
