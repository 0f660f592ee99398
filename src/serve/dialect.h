// The three ways in which clients expect to be told what went wrong. A path has one.
#pragma once

#include <string>

#include "base/error.h"
#include "base/json.h"
#include "serve/http.h"

namespace banchu {

enum class Dialect { openai, ollama, anthropic };
Dialect dialect_of(const std::string& path);

// {"error":{"message","type","code",...}}, {"error":"..."} or {"type":"error","error":{...}}. `extra` goes into
// OpenAI's error object.
Json error_body(Dialect dialect, int status, const std::string& message, const Json& extra = Json::object());
HttpAnswerOut refusal(Dialect dialect, int status, const std::string& message, const Json& extra = Json::object());
HttpAnswerOut refusal(Dialect dialect, const Error& error);
std::string message_of(const Error& error);  // with its hint

HttpAnswerOut json_answer(const Json& json);
// Of the server's own doors: the JSON with this status, or the error in OpenAI's shape.
HttpAnswerOut answer_of(const Result<Json>& answer, int status = 200);

}  // namespace banchu
