#include "ruminate/claim.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace banchu {
namespace {

constexpr double kFactImportance = 0.6;
constexpr double kPreferenceImportance = 0.5;

bool contains_any(const std::string& folded, std::initializer_list<std::string_view> phrases) {
  return std::any_of(phrases.begin(), phrases.end(),
                     [&](std::string_view phrase) { return folded.find(phrase) != std::string::npos; });
}

bool starts_with_any(const std::string& folded, std::initializer_list<std::string_view> phrases) {
  return std::any_of(phrases.begin(), phrases.end(),
                     [&](std::string_view phrase) { return folded.starts_with(phrase); });
}

// Claims are made again from the sentence of a memory, so that a memory needs no hidden columns. The sentence speaks
// to the user ("your cat is called Nabi"); turned around it is what he said.
std::string as_the_user_said_it(const std::string& text) {
  if (text.starts_with("your ")) return "my " + text.substr(5);
  if (text.starts_with("you are ")) return "I am " + text.substr(8);
  if (text.starts_with("you do not ")) return "I do not " + text.substr(11);
  if (text.starts_with("you ")) return "I " + text.substr(4);
  return text;
}

std::vector<Claim> claims_of_memory(const Memory& memory) {
  if (memory.kind != MemoryKind::fact && memory.kind != MemoryKind::preference) return {};
  return claims_of(as_the_user_said_it(memory.text));
}

}  // namespace

std::vector<Claim> claims_of(std::string_view message) {
  std::vector<Claim> claims = english_claims(message);
  for (Claim& claim : korean_claims(message)) claims.push_back(std::move(claim));
  return claims;
}

bool asks_to_remember(std::string_view message) {
  return contains_any(fold(message), {"remember this", "remember that", "please remember", "don't forget that",
                                      "keep in mind that", "기억해", "잊지 마", "잊지 말아"});
}

bool answers_gladly(std::string_view message) {
  return starts_with_any(
      fold(message),
      {"thank you",   "thanks",        "that helps",     "that helped", "lovely",    "perfect",     "i love that",
       "i like that", "that's lovely", "that is lovely", "how nice",    "good idea", "what a good", "고마워",
       "고맙습니다",  "감사합니다",    "감사해요",       "좋네요",      "좋은 생각", "덕분에",      "위로가"});
}

Memory memory_of(const Claim& claim, Time said) {
  Memory memory;
  memory.kind = claim.kind;
  memory.text = claim.text;
  memory.id = memory_id(claim.kind, claim.text);
  memory.importance = claim.kind == MemoryKind::fact ? kFactImportance : kPreferenceImportance;
  memory.created = said;
  memory.recalled = said;
  memory.behaviour = {BehaviourKind::answers, claim.expected, claim.questions, claim.answers, ""};
  return memory;
}

std::string slot_of(const Memory& memory) {
  const std::vector<Claim> claims = claims_of_memory(memory);
  return claims.empty() ? "" : claims.front().slot;
}

std::vector<Neighbour> neighbours_of(const Memory& memory) {
  std::vector<Neighbour> neighbours;
  for (const Claim& claim : claims_of_memory(memory)) {
    for (const std::string& question : claim.neighbours) neighbours.push_back({question, claim.unknown});
  }
  return neighbours;
}

}  // namespace banchu
