// What comes out of a stream of OpenAI's chat.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace banchu {

// The JSON of every "data:" line but [DONE].
inline std::vector<Json> events_of(const std::string& body) {
  std::vector<Json> found;
  for (std::size_t at = body.find("data: "); at != std::string::npos; at = body.find("data: ", at + 1)) {
    const std::string line = body.substr(at + 6, body.find('\n', at) - at - 6);
    if (line != "[DONE]") found.push_back(Json::parse(line));
  }
  return found;
}

inline std::string text_of(const std::vector<Json>& chunks, int index = 0) {
  std::string text;
  for (const Json& chunk : chunks) {
    for (const Json& choice : chunk["choices"]) {
      if (choice["index"] != index) continue;
      if (choice.contains("text")) text += choice["text"].get<std::string>();
      if (!choice.contains("delta") || !choice["delta"].contains("content")) continue;
      if (choice["delta"]["content"].is_string()) text += choice["delta"]["content"].get<std::string>();
    }
  }
  return text;
}

}  // namespace banchu
