#include "model/model_source.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/url.h"

namespace banchu {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLongestName = 200;
constexpr std::size_t kMostParts = 1000;
constexpr std::size_t kPartDigits = 5;
constexpr std::string_view kOf = "-of-";
constexpr std::string_view kEnding = ".gguf";

// A name that stays inside its folder, shows what it is and can be typed.
Status check_name(const std::string& name) {
  const bool is_plain = is_valid_utf8(name) && name.size() <= kLongestName && !name.starts_with('.') &&
                        std::none_of(name.begin(), name.end(),
                                     [](unsigned char c) { return c < ' ' || c == 0x7F || c == '/' || c == '\\'; });
  if (is_plain && name.size() > kEnding.size() && name.ends_with(kEnding)) return {};
  return make_error(Code::InvalidArgument, fmt::format("\"{}\" is no name for a model file", shorten(name, 80)),
                    "a name of letters and digits that ends in .gguf; --as NAME.gguf gives it one");
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string with_last(const std::string& text, const std::string& old_end, const std::string& new_end) {
  return text.substr(0, text.size() - old_end.size()) + new_end;
}

// One part a name; `whole` ends in the first name.
Result<std::vector<SourcePart>> parts_of(const std::string& whole, const std::string& name, const std::string& as) {
  BANCHU_TRY(const std::vector<std::string> names, names_of_parts(name));
  if (!as.empty() && names.size() > 1)
    return make_error(Code::InvalidArgument,
                      fmt::format("{} is one of {} parts, which keep their names", name, names.size()),
                      "leave --as away");
  std::vector<SourcePart> parts;
  for (const std::string& part : names) {
    const std::string from = names.size() > 1 ? with_last(whole, name, part) : whole;
    parts.push_back({as.empty() ? part : as, from, from, "", false});
    BANCHU_TRY_STATUS(check_name(parts.back().name));
  }
  return parts;
}

Result<ModelSource> web_source(const std::string& text, const std::string& as) {
  BANCHU_TRY(const Url url, parse_url(text));
  const std::string last = url.path.substr(url.path.rfind('/') + 1);
  const std::string name = percent_decoded(last);
  if (as.empty() && !name.ends_with(kEnding))
    return make_error(Code::InvalidArgument, fmt::format("{} does not end in the name of a GGUF file", url.plain()),
                      "--as NAME.gguf gives it one");
  if (name != last) {  // an encoded name is one file: its parts could not be named in the address
    BANCHU_TRY_STATUS(check_name(as.empty() ? name : as));
    const SourcePart only{as.empty() ? name : as, text, url.plain(), "", false};
    return ModelSource{ModelSource::Kind::web, false, {only}};
  }
  BANCHU_TRY(std::vector<SourcePart> parts, parts_of(url.origin() + url.path, last, as));
  for (SourcePart& part : parts) {
    BANCHU_TRY(const Url one, parse_url(part.from));
    part.known_as = one.plain();
    part.from += url.query;
  }
  return ModelSource{ModelSource::Kind::web, false, std::move(parts)};
}

Error no_hub_name(const std::string& text) {
  return make_error(Code::InvalidArgument, fmt::format("\"{}\" names no file of a hub", shorten(text, 120)),
                    "write it like hf:owner/repository/file.gguf");
}

Result<ModelSource> hub_source(const std::string& text, const std::string& as, const std::string& hub) {
  const std::string rest = text.substr(3);
  const std::size_t owner = rest.find('/');
  const std::size_t repository = owner == std::string::npos ? owner : rest.find('/', owner + 1);
  if (owner == 0 || repository == std::string::npos || repository == owner + 1 || repository + 1 == rest.size())
    return no_hub_name(text);
  if (rest.find("..") != std::string::npos || rest.find_first_of("?#%\\ ") != std::string::npos)
    return no_hub_name(text);
  std::string name = rest.substr(owner + 1, repository - owner - 1);
  std::string revision = "main";
  if (const std::size_t at = name.find('@'); at != std::string::npos) {
    revision = name.substr(at + 1);
    name.resize(at);
  }
  if (name.empty() || revision.empty()) return no_hub_name(text);
  const std::string address =
      fmt::format("{}/{}/{}/resolve/{}/{}", hub, rest.substr(0, owner), name, revision, rest.substr(repository + 1));
  BANCHU_TRY(ModelSource source, web_source(address, as));
  source.is_hub = true;
  return source;
}

Result<ModelSource> file_source(const std::string& text, const std::string& as) {
  std::error_code failure;
  const fs::path path = fs::absolute(text, failure);
  BANCHU_TRY(std::vector<SourcePart> parts, parts_of(path.string(), path.filename().string(), as));
  for (const SourcePart& part : parts) {
    if (fs::is_regular_file(part.from, failure)) continue;
    return make_error(Code::NotFound, fmt::format("there is no model file {}", part.from),
                      "a web address begins with https://, a hub's file with hf:, a model of Ollama with ollama:");
  }
  return ModelSource{ModelSource::Kind::file, false, std::move(parts)};
}

}  // namespace

bool is_sha256(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

Result<std::vector<std::string>> names_of_parts(const std::string& name) {
  constexpr std::size_t kTail = 1 + kPartDigits + kOf.size() + kPartDigits + kEnding.size();
  if (name.size() <= kTail || !name.ends_with(kEnding)) return std::vector<std::string>{name};
  const std::string head = name.substr(0, name.size() - kTail);
  const std::string tail = name.substr(head.size() + 1);  // "00001-of-00003.gguf"
  const std::string number = tail.substr(0, kPartDigits);
  const std::string count = tail.substr(kPartDigits + kOf.size(), kPartDigits);
  const bool is_split = name[head.size()] == '-' && is_digits(number) && is_digits(count) &&
                        std::string_view(tail).substr(kPartDigits).starts_with(kOf);
  if (!is_split) return std::vector<std::string>{name};
  const std::size_t parts = std::stoul(count);
  if (parts == 0 || parts > kMostParts || std::stoul(number) == 0 || std::stoul(number) > parts)
    return make_error(Code::InvalidArgument, fmt::format("\"{}\" is no part of a split model", shorten(name, 120)),
                      "the parts are called like model-00001-of-00003.gguf");
  std::vector<std::string> names;
  for (std::size_t i = 1; i <= parts; ++i) names.push_back(fmt::format("{}-{:05}-of-{:05}.gguf", head, i, parts));
  return names;
}

Result<ModelSource> read_model_source(const std::string& text, const std::string& as, const std::string& hub) {
  if (!as.empty()) BANCHU_TRY_STATUS(check_name(as));
  if (text.starts_with("hf:")) return hub_source(text, as, hub);
  if (text.starts_with("ollama:")) {
    BANCHU_TRY(SourcePart part, find_in_ollama(ollama_store(), text.substr(7)));
    if (!as.empty()) part.name = as;
    return ModelSource{ModelSource::Kind::ollama, false, {std::move(part)}};
  }
  if (text.find("://") != std::string::npos) return web_source(text, as);
  return file_source(text, as);
}

}  // namespace banchu
