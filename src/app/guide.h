// The guide: eight steps, docs/guide.en.md and docs/guide.ko.md, which are embedded in the program. What stands there
// is the text; this reads it into steps.
//
// Owns: the text, read once. Threads: const after the first use. Errors: NotFound (no such step, no number).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "app/context.h"
#include "base/result.h"

namespace banchu {

// A paragraph, a list item, or a block of commands as it stands.
struct GuidePart {
  bool is_code = false;
  std::string text;  // a paragraph in one line; code with its line ends
};

struct GuideStep {
  std::string title;
  std::vector<GuidePart> parts;
};

struct Guide {
  std::string title;
  GuideStep opening;             // what stands before the first step; without a title
  std::vector<GuideStep> steps;  // eight
};
const Guide& guide_in(Language language);

Result<int> guide_step(const std::string& word);  // "3" -> 3; 1 to 8

// The first step whose traces this bag does not show yet.
int next_step(const AppContext& context);

}  // namespace banchu
