// The `journal add` format: one conversation a line,
//   {"messages":[{"role","content"}...],"meta":{"time":RFC 3339,"approved":bool}}
// A leading system message is the mask. Pure functions.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "journal/entry.h"

namespace banchu {

inline constexpr std::size_t kLargestMessage_bytes = 1 << 20;
inline constexpr std::size_t kMostMessages = 10000;

struct AddedConversation {
  std::string digest;  // SHA-256 of time, mask and messages: the same content and time, the same digest
  std::vector<Entry> entries;
};

// `now` is the time of a conversation that has none (its digest is that of a conversation without time, so that the
// same file added later is known again). Errors: InvalidArgument, naming `what` and the line.
Result<std::vector<AddedConversation>> parse_conversations(std::string_view text, const std::string& what, Time now);

// The same from messages that did not come as JSON. `approved`: the replies may be taught. It has no time of its own.
Result<AddedConversation> conversation_of(std::vector<Message> messages, bool approved, Time now,
                                          const std::string& what);

// Entries (in the journal's order) as lines of that format. A corrected reply stands as what it should have been;
// a conversation is approved when every turn of it was kept or corrected. Where the mask changes, a new line begins.
std::string export_conversations(std::span<const Entry> entries);

}  // namespace banchu
