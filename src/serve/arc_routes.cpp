// /banchu/v1/arc: the structure of a text, of a conversation or of a day, as numbers or as a picture.
#include "base/text.h"
#include "serve/ask.h"
#include "serve/dialect.h"
#include "serve/fields.h"
#include "serve/routes.h"

namespace banchu {
namespace {

constexpr std::size_t kLongestBytes = 1 << 20;  // a novel has less; a page that waits wants an answer in seconds
constexpr std::size_t kLongestTitleBytes = 800;
constexpr double kMostGamma = 8, kLeastTau = 0.05, kMostTau = 5;

bool is_given(const Json& body, const char* name) { return body.contains(name) && !body[name].is_null(); }

// Which of the four it is about.
Status read_subject(const Json& body, ArcAsk& ask) {
  int given = 0;
  for (const char* name : {"text", "messages", "conversation", "day"}) given += is_given(body, name) ? 1 : 0;
  if (given != 1)
    return make_error(Code::InvalidArgument, "exactly one of 'text', 'messages', 'conversation', 'day' is needed");
  if (is_given(body, "messages")) {
    BANCHU_TRY(ask.messages, messages_of(body));
    return {};
  }
  BANCHU_TRY(const std::optional<std::string> text, string_field(body, "text"));
  BANCHU_TRY(const std::optional<std::string> conversation, string_field(body, "conversation"));
  BANCHU_TRY(const std::optional<std::string> day, string_field(body, "day"));
  BANCHU_TRY_STATUS(check_day(day.value_or("")));
  ask.text = text.value_or("");
  ask.conversation = conversation.value_or("");
  ask.day = day.value_or("");
  if (ask.text.empty() && ask.conversation.empty() && ask.day.empty())
    return make_error(Code::InvalidArgument, "there is nothing to measure: the field is empty");
  return check_utf8(ask.text, "'text'");
}

Result<std::string> word_field(const Json& body, const char* name, const std::string& first,
                               const std::string& second) {
  BANCHU_TRY(const std::optional<std::string> word, string_field(body, name));
  if (!word || *word == first || *word == second) return word.value_or(first);
  return make_error(Code::InvalidArgument,
                    std::string("Field '") + name + "': must be one of " + first + ", " + second);
}

Result<ArcAsk> read_ask(const Json& body) {
  ArcAsk ask;
  BANCHU_TRY_STATUS(read_subject(body, ask));
  BANCHU_TRY(const auto gamma, number_field(body, "gamma", 0, kMostGamma));
  BANCHU_TRY(const auto tau, number_field(body, "tau", kLeastTau, kMostTau));
  ask.gamma = gamma.value_or(1);
  ask.tau = tau.value_or(1);
  BANCHU_TRY(const std::string as, word_field(body, "as", "json", "svg"));
  BANCHU_TRY(const std::string language, word_field(body, "lang", "en", "ko"));
  BANCHU_TRY(const std::optional<std::string> title, string_field(body, "title"));
  if (title.value_or("").size() > kLongestTitleBytes)
    return make_error(Code::InvalidArgument, "Field 'title': is too long");
  ask.as_picture = as == "svg";
  ask.in_korean = language == "ko";
  ask.title = title.value_or("");
  return ask;
}

std::size_t bytes_of(const ArcAsk& ask) {
  std::size_t bytes = ask.text.size();
  for (const Message& message : ask.messages) bytes += message.content.size();
  return bytes;
}

HttpAnswerOut measure(const Desk& desk, Life& life, const HttpCall& call) {
  const Result<Json> body = object_of(call.body);
  if (!body) return refusal(Dialect::openai, body.error());
  const Result<ArcAsk> ask = read_ask(*body);
  if (!ask) return refusal(Dialect::openai, ask.error());
  if (bytes_of(*ask) > kLongestBytes) return refusal(Dialect::openai, 413, "the text is longer than 1 MB");
  const bool reads_the_journal = !ask->conversation.empty() || !ask->day.empty();
  if (reads_the_journal && desk.guard.right_of(call).value_or(Right::talk) < Right::grow)
    return refusal(Dialect::openai, 403, "this key may not read what was said (a key made with --may grow)");
  Result<ArcAnswer> answer = life.arc(*ask);
  if (!answer) return refusal(Dialect::openai, answer.error());
  if (!ask->as_picture) return json_answer(answer->reading);
  HttpAnswerOut picture;
  picture.type = "image/svg+xml";
  picture.body = std::move(answer->svg);
  // The text inside is the user's; whoever opens the picture alone must not run anything of it.
  picture.headers.emplace_back("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
  picture.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return picture;
}

}  // namespace

void add_arc_routes(const Desk& desk, std::vector<RouteRow>& rows) {
  rows.push_back({"POST", "/banchu/v1/arc", life_route(desk, Right::talk, [&desk](Life& life, const HttpCall& call) {
                    return measure(desk, life, call);
                  })});
}

}  // namespace banchu
