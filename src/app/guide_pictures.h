// The picture at the end of each step of the guide, drawn from the reader's own bag and machine.
//
// Opens the bag for reading only. Errors: FailedPrecondition (this bag has nothing to draw yet; the hint names the
// command that makes it), those of opening the bag and the model.
#pragma once

#include <functional>
#include <string>

#include "app/context.h"
#include "base/result.h"

namespace banchu {

using Drawing = std::function<std::string(bool can_draw_hangul)>;

// `words`: for step 1, the beginning of a sentence that the model goes on with.
Result<Drawing> guide_drawing(const AppContext& context, int step, const std::string& words);

}  // namespace banchu
