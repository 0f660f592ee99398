// How strongly the new adapter is worn: chosen on the valid prompts and the valid half of the general text alone.
#pragma once

#include <vector>

#include "evaluate/evaluate.h"
#include "evaluate/speaker.h"

namespace banchu {

// Tries the lambdas from the strongest down. A lambda that already costs too much plain language is not made to
// speak; the search ends when nothing weaker can win any more.
Result<std::vector<LambdaTrial>> try_lambdas(const EvaluateInput& input, const EvaluateOptions& options,
                                             Speaker& before, Meter& meter);

// Among the trials whose rise is within the limit: the best lesson rate; then the smaller rise, where rises below
// half the limit count as equal (a habit that is just strong enough on a few valid prompts fails on others); then the
// stronger lambda. A still stronger one whose rise is below half the limit is preferred when its rate is within one
// standard error of the best (the rule of Breiman et al., CART, 1984: a few replies cannot tell them apart). NaN when
// none is within.
double choose_lambda(const std::vector<LambdaTrial>& trials, const EvaluateOptions& options);

// The awake self with the candidate at scale lambda.
std::vector<AdapterUse> with_candidate(const EvaluateInput& input, double lambda);

}  // namespace banchu
