// A server that speaks HTTP and JSON, as model/ and exchange/ talk to it: its address, its key, how it says no.
//
// Threads: pure functions. Errors: InvalidArgument (the address).
#pragma once

#include <optional>
#include <string>

#include "base/http_client.h"
#include "base/result.h"

namespace banchu {

// The address up to and with /v1, without a "/" behind it: what every door is put behind. "http://host:11434" and
// "http://host:8080/v1/chat/completions" are understood. A query is refused: it might hold a key.
Result<std::string> server_base(const std::string& url);

inline bool is_good(const HttpAnswer& answer) { return answer.status >= 200 && answer.status < 300; }

// What a server said when it refused: the message of its JSON error body (OpenAI's, Ollama's or FastAPI's), else the
// beginning of the body; one line.
std::string refusal_text(const HttpAnswer& answer);

// The refusals that mean the same at every door: a key (401, 403), a redirect, a server that is busy (429, 5xx).
std::optional<Error> common_refusal(const std::string& where, const HttpAnswer& answer);

}  // namespace banchu
