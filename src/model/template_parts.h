// Private to model/: which piece of a rendered chat is whose. Pure functions, no engine.
//
// The interpreter marks a piece as people's text, but not whose. So the conversation is rendered a second time with
// a unique mark in the place of every content; both renderings are walked side by side, and a mark in the one names
// the piece in the other. This also finds content whose marking the template has lost on its way.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/jinja_template.h"

namespace banchu {

// A piece of the rendering; message is -1 for the template's own text, else an index into the messages.
// A content that the template leaves out or writes as nothing has a piece with empty text where it would stand.
struct OwnedPart {
  std::string text;
  int message = -1;
};

using TemplateRunner = std::function<Result<std::vector<TemplatePart>>(std::span<const Message>)>;

// The rendering in pieces, adjacent template pieces joined.
// Errors: the runner's; InvalidArgument when people's text cannot be told from the template's and `could_inject`
// says that it would matter.
Result<std::vector<OwnedPart>> render_owned(std::span<const Message> messages, const TemplateRunner& run,
                                            const std::function<bool(const std::string&)>& could_inject);

}  // namespace banchu
