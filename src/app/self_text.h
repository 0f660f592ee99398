// Selves in words and as JSON, each with what the night it was born in left behind.
#pragma once

#include <string>
#include <vector>

#include "app/context.h"
#include "bag/bag.h"
#include "base/json.h"
#include "base/result.h"
#include "promote/promote.h"

namespace banchu {

struct LivedSelf {
  Self self;
  Json night;  // the body of its run: lessons, train, report, receipt, morning; null for the first self
};
Result<std::vector<LivedSelf>> lived_selves(Bag& bag);  // oldest first

Json self_to_json(const LivedSelf& lived);
std::string self_line(const AppContext& context, const LivedSelf& lived);
std::vector<std::string> night_lines(const AppContext& context,
                                     const LivedSelf& lived);  // what it learned, cost, which measurements moved

// {"a","b","base_differs","only_in_a":[adapter],"only_in_b":[...],"checks":[{"name","a","b"}]}.
Json self_difference(const LivedSelf& a, const LivedSelf& b);
std::string adapter_line(const AppContext& context, const Json& adapter);
std::string check_difference_line(const AppContext& context, const Json& check);

}  // namespace banchu
