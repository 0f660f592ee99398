// Private to arc/: what a language model makes of a sentence, as one row of its last layer.
//
// The row is read where the sentence closes: on the way to a full stop a model sums up what it has read, its feeling
// too (Tigges et al. 2024). A unit that ends without a mark is given one, so that every row is read at the same kind of
// place. A unit is read alone behind a line break, in calibration and in scoring alike; one longer than a window counts
// up to the window's end. Threads: those of the session. Errors: those of Session::score.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "model/model.h"

namespace banchu {

// What stands behind the unit so that it closes: "" or ".".
std::string_view closing_mark(std::string_view unit);

// A request that reads a unit (`tokens`, closed by `mark`'s) alone behind `start`, a line break, and asks for its row
// and for nothing else.
ScoreRequest state_request(std::span<const Token> start, std::span<const Token> tokens, std::span<const Token> mark,
                           std::size_t window);

// What stands before a unit: the vocabulary's BOS, if it asks for one, and a line break.
std::vector<Token> line_start(const Tokenizer& tokenizer);

// [units][n_embd], in their order.
Result<std::vector<std::vector<float>>> read_states(std::span<const std::string_view> units, Session& session,
                                                    const ProgressSink& progress, const CancelFlag* cancel);

}  // namespace banchu
