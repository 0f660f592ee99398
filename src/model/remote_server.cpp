#include "model/remote_server.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "model/valid_utf8.h"

namespace banchu {
namespace {

constexpr std::size_t kShownText = 200;

}  // namespace

Result<std::string> server_base(const std::string& url) {
  BANCHU_TRY(const Url parsed, parse_server_url(url));
  if (!parsed.query.empty())
    return make_error(Code::InvalidArgument, fmt::format("{} carries a query", parsed.plain()),
                      "a key goes into a file: --key-file FILE");
  std::string base = parsed.plain();
  const auto drop = [&base](std::string_view end) {
    if (base.ends_with(end)) base.resize(base.size() - end.size());
  };
  drop("/");
  drop("/chat/completions");
  drop("/");
  return parsed.path == "/" ? base + "/v1" : base;
}

// The errors that mean the same at every door.
std::optional<Error> common_refusal(const std::string& where, const HttpAnswer& answer) {
  const std::string said = refusal_text(answer);
  if (answer.status == 401 || answer.status == 403)
    return make_error(Code::FailedPrecondition,
                      fmt::format("{} does not let us in ({}): {}", where, answer.status, said),
                      "its key goes into a file, --key-file FILE, or into $BANCHU_VIA_KEY");
  if (answer.status >= 300 && answer.status < 400)
    return make_error(Code::FailedPrecondition, fmt::format("{} sends us on to {}", where, answer.location),
                      "nobody is followed; name that address yourself if you trust it");
  if (answer.status == 429 || answer.status >= 500)
    return make_error(Code::Busy, fmt::format("{} cannot answer now ({}): {}", where, answer.status, said),
                      "try again in a moment; the server's own log says more");
  return std::nullopt;
}

std::string refusal_text(const HttpAnswer& answer) {
  const Result<Json> json = parse_json(answer.body, "the answer");
  std::string said = answer.body;
  if (json && json->is_object()) {
    const Json& object = *json;
    for (const char* key : {"error", "detail", "message"}) {
      if (!object.contains(key)) continue;
      const Json& value = object[key];
      said = value.is_string()   ? value.get<std::string>()
             : value.is_object() ? string_at(value, "message", to_line(value))
                                 : to_line(value);
      break;
    }
  }
  said = valid_utf8(said);
  std::replace_if(
      said.begin(), said.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return shorten(trim(said), kShownText);
}

}  // namespace banchu
