#include "serve/dialect.h"

#include "base/digest.h"
#include "base/text.h"

namespace banchu {
namespace {

constexpr std::size_t kLongestMessage = 2000;  // characters; what a client sent must not come back a hundredfold

const char* openai_type(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 501:
      return "not_supported_error";
    case 503:
      return "unavailable_error";
    default:
      return status < 500 ? "invalid_request_error" : "server_error";
  }
}

const char* anthropic_type(int status) {
  switch (status) {
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 503:
      return "overloaded_error";
    case 401:
    case 403:
    case 404:
      return openai_type(status);
    default:
      return status < 500 ? "invalid_request_error" : "api_error";
  }
}

}  // namespace

Dialect dialect_of(const std::string& path) {
  if (path.starts_with("/api/")) return Dialect::ollama;
  return path.starts_with("/v1/messages") ? Dialect::anthropic : Dialect::openai;
}

Json error_body(Dialect dialect, int status, const std::string& message, const Json& extra) {
  const std::string text = shorten(message, kLongestMessage);
  if (dialect == Dialect::ollama) return {{"error", text}};
  if (dialect == Dialect::anthropic) {
    return {{"type", "error"},
            {"error", {{"type", anthropic_type(status)}, {"message", text}}},
            {"request_id", "req_" + random_id()}};
  }
  Json error = {{"message", text}, {"type", openai_type(status)}, {"param", nullptr}, {"code", status}};
  error.update(extra);
  return {{"error", std::move(error)}};
}

HttpAnswerOut refusal(Dialect dialect, int status, const std::string& message, const Json& extra) {
  HttpAnswerOut answer = json_answer(error_body(dialect, status, message, extra));
  answer.status = status;
  if (status == 503) answer.headers.emplace_back("Retry-After", "1");
  if (status == 401) answer.headers.emplace_back("WWW-Authenticate", "Bearer");
  return answer;
}

std::string message_of(const Error& error) {
  return error.hint.empty() ? error.message : error.message + " (" + error.hint + ")";
}

HttpAnswerOut refusal(Dialect dialect, const Error& error) {
  const int status = error.code == Code::Busy ? 503 : code_info(error.code).http_status;
  return refusal(dialect, status, message_of(error));
}

HttpAnswerOut json_answer(const Json& json) {
  HttpAnswerOut answer;
  answer.body = to_line(json);
  return answer;
}

HttpAnswerOut answer_of(const Result<Json>& answer, int status) {
  if (!answer) return refusal(Dialect::openai, answer.error());
  HttpAnswerOut out = json_answer(*answer);
  out.status = status;
  return out;
}

}  // namespace banchu
