// /banchu/v1: conversations, turns, masks, what the coming night wants to teach and its review, memories.
#include <algorithm>
#include <charconv>

#include "base/clock.h"
#include "base/text.h"
#include "serve/dialect.h"
#include "serve/fields.h"
#include "serve/routes.h"

namespace banchu {
namespace {

std::string query_of(const HttpCall& call, const char* name) {
  const auto found = call.query.find(name);
  return found == call.query.end() ? "" : found->second;
}

Result<std::size_t> count_of(const HttpCall& call, const char* name, std::size_t low, std::size_t high,
                             std::size_t fallback) {
  const std::string text = query_of(call, name);
  if (text.empty()) return fallback;
  std::size_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure == std::errc() && end == text.data() + text.size() && value >= low && value <= high) return value;
  return make_error(Code::InvalidArgument, std::string("Field '") + name + "': must be a whole number between " +
                                               std::to_string(low) + " and " + std::to_string(high));
}

Result<WantedConversations> wanted_of(const HttpCall& call) {
  constexpr std::size_t kLongestSearch = 800, kMost = 500, kFurthest = 1000000;
  WantedConversations wanted;
  wanted.search = query_of(call, "search");
  wanted.day = query_of(call, "day");
  BANCHU_TRY_STATUS(check_utf8(wanted.search, "'search'"));
  if (wanted.search.size() > kLongestSearch) return make_error(Code::InvalidArgument, "Field 'search': is too long");
  BANCHU_TRY_STATUS(check_day(wanted.day));
  BANCHU_TRY(wanted.offset, count_of(call, "offset", 0, kFurthest, 0));
  BANCHU_TRY(wanted.limit, count_of(call, "limit", 1, kMost, wanted.limit));
  return wanted;
}

HttpAnswerOut conversations(Life& life, const HttpCall& call) {
  const Result<WantedConversations> wanted = wanted_of(call);
  return wanted ? answer_of(life.conversations(*wanted)) : refusal(Dialect::openai, wanted.error());
}

// One of the closed set of words that a field may hold.
Result<std::string> word_of(const Json& body, const char* name, const std::vector<std::string>& words) {
  BANCHU_TRY(const std::optional<std::string> word, string_field(body, name));
  if (word && std::find(words.begin(), words.end(), *word) != words.end()) return *word;
  std::string known;
  for (const std::string& one : words) known += (known.empty() ? "" : ", ") + one;
  return make_error(Code::InvalidArgument, std::string("Field '") + name + "': must be one of " + known);
}

Result<Json> mark(Life& life, const HttpCall& call) {
  BANCHU_TRY(const Json body, object_of(call.body));
  BANCHU_TRY(const std::string word, word_of(body, "mark", {"kept", "struck", "fixed", "none"}));
  BANCHU_TRY(const std::optional<std::string> fixed, string_field(body, "fixed_reply"));
  BANCHU_TRY_STATUS(check_utf8(fixed.value_or(""), "'fixed_reply'"));
  const bool needs_reply = word == "fixed";
  if (needs_reply && says_nothing(fixed.value_or("")))
    return make_error(Code::InvalidArgument, "'fixed_reply' is required: what it should have said");
  if (!needs_reply && fixed) return make_error(Code::InvalidArgument, "'fixed_reply' belongs to the mark fixed alone");
  return life.mark(call.rest, word, fixed.value_or(""));
}

Result<Json> review(Life& life, const HttpCall& call) {
  BANCHU_TRY(const Json body, object_of(call.body));
  BANCHU_TRY(const std::optional<std::string> id, string_field(body, "id"));
  if (id.value_or("").empty()) return make_error(Code::InvalidArgument, "'id' is required");
  BANCHU_TRY(const std::string word, word_of(body, "word", {"keep", "strike"}));
  return life.review(*id, word);
}

}  // namespace

Status check_day(const std::string& day) {
  if (day.empty()) return {};
  const Result<Time> time = parse_time(day);
  if (time && format_day(*time) == day) return {};
  return make_error(Code::InvalidArgument, "Field 'day': must be a day as in 2026-11-23");
}

Route life_route(const Desk& desk, Right least, LifeRoute route) {
  return [&desk, least, route = std::move(route)](const HttpCall& call) {
    if (desk.guard.right_of(call).value_or(Right::talk) < least) {
      const std::string name = name_of(least);
      return refusal(Dialect::openai, 403, "this key may not do that (a key made with --may " + name + ")");
    }
    if (desk.life == nullptr) return refusal(Dialect::openai, 404, "there is no bag here");
    return route(*desk.life, call);
  };
}

void add_life_routes(const Desk& desk, std::vector<RouteRow>& rows) {
  const auto add = [&](const char* method, const char* path, Right least, LifeRoute route) {
    rows.push_back({method, path, life_route(desk, least, std::move(route))});
  };
  add("GET", "/banchu/v1/conversations", Right::grow, conversations);
  add("GET", "/banchu/v1/conversations/*", Right::grow,
      [](Life& life, const HttpCall& call) { return answer_of(life.conversation(call.rest)); });
  add("GET", "/banchu/v1/turns/*", Right::grow,
      [](Life& life, const HttpCall& call) { return answer_of(life.turn(call.rest)); });
  add("POST", "/banchu/v1/turns/*", Right::grow,
      [](Life& life, const HttpCall& call) { return answer_of(mark(life, call)); });
  add("GET", "/banchu/v1/masks", Right::grow, [](Life& life, const HttpCall&) { return answer_of(life.masks()); });
  add("GET", "/banchu/v1/coming", Right::grow, [](Life& life, const HttpCall&) { return answer_of(life.coming()); });
  add("GET", "/banchu/v1/memories", Right::grow,
      [](Life& life, const HttpCall&) { return answer_of(life.memories()); });
  add("POST", "/banchu/v1/review", Right::manage,
      [](Life& life, const HttpCall& call) { return answer_of(review(life, call)); });
  add("GET", "/banchu/v1/selves/*", Right::grow,
      [](Life& life, const HttpCall& call) { return answer_of(life.self(call.rest)); });
}

}  // namespace banchu
