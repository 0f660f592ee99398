#include "serve/logprobs.h"

namespace banchu {
namespace {

Json token_row(const Tokenizer& tokenizer, Token token, float logprob) {
  const std::string& piece = tokenizer.piece(token);
  Json bytes = Json::array();
  for (const char c : piece) bytes.push_back(static_cast<unsigned char>(c));
  return {{"token", piece}, {"logprob", logprob}, {"bytes", std::move(bytes)}};
}

}  // namespace

Json token_logprobs(const Tokenizer& tokenizer, const Completion& completion) {
  Json rows = Json::array();
  for (const TokenLogprob& one : completion.logprobs) {
    if (tokenizer.ends_generation(one.token)) continue;
    Json row = token_row(tokenizer, one.token, one.logprob);
    row["top_logprobs"] = Json::array();
    for (std::size_t i = 0; i < one.top.ids.size(); ++i) {
      row["top_logprobs"].push_back(token_row(tokenizer, one.top.ids[i], one.top.logprobs[i]));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Json chat_logprobs(const Tokenizer& tokenizer, const Completion& completion) {
  return {{"content", token_logprobs(tokenizer, completion)}, {"refusal", nullptr}};
}

Json completion_logprobs(const Tokenizer& tokenizer, const Completion& completion) {
  Json tokens = Json::array(), logprobs = Json::array(), top = Json::array(), offsets = Json::array();
  std::size_t offset = 0;
  for (const TokenLogprob& one : completion.logprobs) {
    if (tokenizer.ends_generation(one.token)) continue;
    tokens.push_back(tokenizer.piece(one.token));
    logprobs.push_back(one.logprob);
    Json likeliest = Json::object();
    for (std::size_t i = 0; i < one.top.ids.size(); ++i) {
      likeliest[tokenizer.piece(one.top.ids[i])] = one.top.logprobs[i];
    }
    top.push_back(std::move(likeliest));
    offsets.push_back(offset);
    offset += tokenizer.piece(one.token).size();
  }
  return {{"tokens", std::move(tokens)},
          {"token_logprobs", std::move(logprobs)},
          {"top_logprobs", std::move(top)},
          {"text_offset", std::move(offsets)}};
}

}  // namespace banchu
