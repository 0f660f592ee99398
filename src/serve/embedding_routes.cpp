// /v1/embeddings (OpenAI), /api/embed and /api/embeddings (Ollama).
#include <fmt/format.h>

#include <bit>
#include <cstring>

#include "base/clock.h"
#include "base/text.h"
#include "serve/dialect.h"
#include "serve/fields.h"
#include "serve/routes.h"

namespace banchu {
namespace {

constexpr std::size_t kMostTexts = 256;

struct Embedded {
  std::vector<std::vector<float>> vectors;
  std::size_t tokens = 0;
};

// A text, tokens, or a list of either.
Result<std::vector<std::vector<Token>>> read_texts(const Desk& desk, const Json& input) {
  const Tokenizer& tokenizer = desk.talker.model().tokenizer();
  const bool is_one = input.is_string() || (input.is_array() && !input.empty() && input[0].is_number());
  std::vector<std::vector<Token>> texts;
  for (const Json& one : is_one ? Json::array({input}) : input) {
    if (one.is_string()) {
      const std::string text = one.get<std::string>();
      BANCHU_TRY_STATUS(check_utf8(text, "'input'"));
      texts.push_back(tokenizer.encode(text));
      continue;
    }
    texts.emplace_back();
    for (const Json& token : one.is_array() ? one : Json::array({Json()})) {
      const bool known = token.is_number_unsigned() && token.get<std::uint64_t>() < tokenizer.vocabulary_size();
      if (!known)
        return make_error(Code::InvalidArgument, "Field 'input': must be a text, tokens, or a list of either");
      texts.back().push_back(token.get<Token>());
    }
  }
  if (texts.empty() || texts.size() > kMostTexts || !(input.is_array() || input.is_string())) {
    return make_error(Code::InvalidArgument, fmt::format("Field 'input': must hold 1 to {} texts", kMostTexts));
  }
  return texts;
}

Result<Embedded> embed(const Desk& desk, const Json& body, const char* name, bool cuts, const HttpCall& call) {
  BANCHU_TRY(const auto model, string_field(body, "model"));
  if (!desk.talker.knows(model.value_or(""))) {
    return make_error(Code::NotFound, fmt::format("model '{}' not found", shorten(*model, 100)));
  }
  const auto input = body.find(name);
  if (input == body.end() || input->is_null()) {
    return make_error(Code::InvalidArgument, fmt::format("'{}' is required", name));
  }
  BANCHU_TRY(auto texts, read_texts(desk, *input));
  BANCHU_TRY(Embedder* const embedder, desk.vectors->embedder());
  const auto most = static_cast<std::size_t>(embedder->most_tokens());
  Embedded embedded;
  for (std::vector<Token>& text : texts) {
    if (cuts) text.resize(std::min(text.size(), most));
    if (text.size() > most) {
      return make_error(
          Code::InvalidArgument,
          fmt::format("the input ({} tokens) exceeds the context that embeds texts ({} tokens)", text.size(), most));
    }
    if (call.is_gone()) return make_error(Code::Cancelled, "the client has gone");
    BANCHU_TRY(std::vector<float> vector, embedder->embed(text));
    embedded.vectors.push_back(std::move(vector));
    embedded.tokens += text.size();
  }
  return embedded;
}

// The little-endian bytes of the numbers, as OpenAI's own clients ask for them.
std::string base64(const std::vector<float>& vector) {
  static_assert(std::endian::native == std::endian::little);
  constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<unsigned char> bytes(vector.size() * sizeof(float));
  std::memcpy(bytes.data(), vector.data(), bytes.size());
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = std::min<std::size_t>(bytes.size() - i, 3);
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < left ? bytes[i + k] : 0u);
    for (std::size_t k = 0; k < 4; ++k) out += k <= left ? kLetters[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

HttpAnswerOut openai(const Desk& desk, const HttpCall& call) {
  Result<Json> body = object_of(call.body);
  if (!body) return refusal(Dialect::openai, body.error());
  const Result<std::optional<std::string>> format = string_field(*body, "encoding_format");
  if (!format) return refusal(Dialect::openai, format.error());
  const std::string form = format->value_or("float");
  if (form != "float" && form != "base64") {
    return refusal(Dialect::openai, 400, "Field 'encoding_format': must be float or base64");
  }
  if (body->contains("dimensions") && !(*body)["dimensions"].is_null()) {
    return refusal(Dialect::openai, 400, "Field 'dimensions': vectors are not cut here");
  }
  const Result<Embedded> embedded = embed(desk, *body, "input", false, call);
  if (!embedded) return refusal(Dialect::openai, embedded.error());
  Json rows = Json::array();
  for (const std::vector<float>& vector : embedded->vectors) {
    rows.push_back({{"object", "embedding"}, {"index", rows.size()}});
    rows.back()["embedding"] = form == "base64" ? Json(base64(vector)) : Json(vector);
  }
  return json_answer({{"object", "list"},
                      {"data", std::move(rows)},
                      {"model", string_at(*body, "model", desk.talker.options().name)},
                      {"usage", {{"prompt_tokens", embedded->tokens}, {"total_tokens", embedded->tokens}}}});
}

HttpAnswerOut ollama(const Desk& desk, const HttpCall& call, bool is_old) {
  const double started = steady_seconds();
  Result<Json> body = object_of(call.body);
  if (!body) return refusal(Dialect::ollama, body.error());
  const Result<std::optional<bool>> cuts = bool_field(*body, "truncate");
  if (!cuts) return refusal(Dialect::ollama, cuts.error());
  const Result<Embedded> embedded = embed(desk, *body, is_old ? "prompt" : "input", cuts->value_or(true), call);
  if (!embedded) return refusal(Dialect::ollama, embedded.error());
  if (is_old) return json_answer({{"embedding", embedded->vectors.front()}});
  return json_answer({{"model", string_at(*body, "model", desk.talker.options().name)},
                      {"embeddings", embedded->vectors},
                      {"total_duration", static_cast<std::int64_t>((steady_seconds() - started) * 1e9)},
                      {"load_duration", 1},
                      {"prompt_eval_count", embedded->tokens}});
}

}  // namespace

void add_embedding_routes(const Desk& desk, std::vector<RouteRow>& rows) {
  rows.push_back({"POST", "/v1/embeddings", [&desk](const HttpCall& c) { return openai(desk, c); }});
  rows.push_back({"POST", "/api/embed", [&desk](const HttpCall& c) { return ollama(desk, c, false); }});
  rows.push_back({"POST", "/api/embeddings", [&desk](const HttpCall& c) { return ollama(desk, c, true); }});
}

}  // namespace banchu
