// What a server tells of the journal and of nights, as JSON (docs/api/openapi.yaml). Pure functions.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "journal/entry.h"
#include "promote/run_store.h"
#include "ruminate/ruminate.h"
#include "serve/life.h"

namespace banchu {

// Newest first, cut to what was wanted, with the total.
Json conversations_to_json(std::span<const Entry> entries, const WantedConversations& wanted);
// The head of these entries of one conversation, and the entries in the order in which they were said.
Json conversation_to_json(std::vector<Entry> entries);

Json coming_to_json(const Chewed& chewed);  // all but "waiting"

Json night_head_to_json(const NightRun& run);
Json night_to_json(const NightRun& run);

// The first 12 digits of SHA-256 over a mask's words and examples; "" for no mask.
std::string mask_id(const std::string& system, const std::vector<Message>& few_shot);

}  // namespace banchu
