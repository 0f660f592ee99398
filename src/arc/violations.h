// Private to arc/: what a reader would stumble over in this order, unit by unit, with the word that shows it.
//
//   article     "the letter" although a letter is introduced only later ("a letter"; Korean: 은/는 or 그 before 이/가,
//   한) pronoun     he, she, they, and nobody fitting in the two units before (nor earlier in the unit) quote speech
//   that closes without having been opened, or opens twice repetition  a unit that says again, word for word or nearly,
//   what was just said address     Korean narration (or one speaker) that changes between 존댓말 and 반말
#pragma once

#include <span>
#include <string>
#include <vector>

#include "arc/discourse.h"

namespace banchu {

enum class ViolationKind : std::uint8_t { article, pronoun, quote, repetition, address };
const char* violation_name(ViolationKind kind);

struct Violation {
  std::uint32_t unit = 0;
  ViolationKind kind = ViolationKind::article;
  std::string detail;
};

// `speakers`: one a unit, "" in narration; may be empty (all narration).
std::vector<Violation> find_violations(const Discourse& discourse, std::span<const std::string> speakers);

}  // namespace banchu
