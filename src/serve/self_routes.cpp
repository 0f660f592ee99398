// /banchu/v1/selves: who the companion is and was, and another of them woken. Waking needs the right to manage.
#include "serve/dialect.h"
#include "serve/fields.h"
#include "serve/routes.h"

namespace banchu {
namespace {

bool may_manage(const Desk& desk, const HttpCall& call) {
  return desk.guard.right_of(call).value_or(Right::talk) == Right::manage;
}

HttpAnswerOut may_not() {
  return refusal(Dialect::openai, 403, "this key may not wake another self (a key made with --may manage)");
}

// New replies are said by the woken self from the next step on.
HttpAnswerOut woken(const Desk& desk, const Result<Json>& answer) {
  if (answer) desk.talker.speech().look_again();
  return answer_of(answer);
}

HttpAnswerOut wake(const Desk& desk, const Household& house, const HttpCall& call) {
  if (!may_manage(desk, call)) return may_not();
  const Result<Json> body = object_of(call.body);
  if (!body) return refusal(Dialect::openai, body.error());
  const Result<std::optional<std::string>> id = string_field(*body, "id");
  if (!id) return refusal(Dialect::openai, id.error());
  if (id->value_or("").empty()) return refusal(Dialect::openai, 400, "'id' is required");
  return woken(desk, house.wake(**id));
}

}  // namespace

void add_self_routes(const Desk& desk, const Household& house, std::vector<RouteRow>& rows) {
  rows.push_back({"GET", "/banchu/v1/selves", [&desk, &house](const HttpCall& call) {
                    if (desk.guard.right_of(call).value_or(Right::talk) == Right::talk)
                      return refusal(Dialect::openai, 403,
                                     "this key may not look at that (a key made with --may grow)");
                    return answer_of(house.selves());
                  }});
  rows.push_back(
      {"POST", "/banchu/v1/selves/wake", [&desk, &house](const HttpCall& call) { return wake(desk, house, call); }});
  rows.push_back({"POST", "/banchu/v1/selves/rollback", [&desk, &house](const HttpCall& call) {
                    return may_manage(desk, call) ? woken(desk, house.rollback()) : may_not();
                  }});
}

}  // namespace banchu
