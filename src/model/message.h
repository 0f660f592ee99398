// Messages of a conversation, as every room means them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace banchu {

enum class Role { system, user, assistant };

struct Message {
  Role role = Role::user;
  std::string content;  // valid UTF-8; never contains template syntax that the tokenizer would obey
  bool operator==(const Message&) const = default;
};

using Token = std::int32_t;  // an index into the model's vocabulary

// Half-open range of token positions.
struct TokenSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// The k most likely next tokens at one position, most likely first.
struct TopK {
  std::vector<Token> ids;
  std::vector<float> logprobs;  // natural log of the full-vocabulary softmax; the rest is 1 - sum(exp)
};

}  // namespace banchu
