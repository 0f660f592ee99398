#include "serve/reply_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "model/grammar.h"

namespace banchu {
namespace {

constexpr int kMostRules = 1000;
constexpr std::size_t kMostChoices = 500;
constexpr std::int64_t kMostItems = 256;
constexpr std::int64_t kMostCharacters = 1000;
constexpr std::size_t kMostBytes = 200000;

// Half of a surrogate pair is no character, so \uD8.. to \uDF.. are left out.
constexpr const char* kJson = R"gbnf(
value ::= object | array | string | number | boolean | null
object ::= "{" ws (pair ("," ws pair)*)? ws "}"
pair ::= string ":" ws value
array ::= "[" ws (value ("," ws value)*)? ws "]"
string ::= "\"" char* "\""
char ::= [^"\\\x7F\x00-\x1F] | "\\" (["\\/bfnrt] | "u" ([0-9a-cA-CefEF] hex | [dD] [0-7]) hex hex)
hex ::= [0-9a-fA-F]
number ::= integer ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,2})?
integer ::= "-"? ("0" | [1-9] [0-9]{0,15})
boolean ::= "true" | "false"
null ::= "null"
ws ::= " "?
)gbnf";

constexpr std::string_view kTypes[] = {"object", "array", "string", "number", "integer", "boolean", "null"};
constexpr std::string_view kKept[] = {
    "type", "properties", "required", "additionalProperties", "items", "minItems", "maxItems", "minLength", "maxLength",
    "enum", "const", "anyOf", "oneOf", "$ref", "$defs", "definitions",
    // and what narrows nothing
    "title", "description", "default", "examples", "$schema", "$id", "$comment", "readOnly", "writeOnly", "deprecated"};

template <std::size_t N>
bool contains(const std::string_view (&list)[N], std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

Error refused(const std::string& what) { return make_error(Code::InvalidArgument, "the JSON schema " + what); }

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string literal(const Json& value) { return quoted(to_line(value)); }

std::string join(const std::vector<std::string>& parts, const char* between) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : between) + part;
  return out;
}

class SchemaWriter {
 public:
  explicit SchemaWriter(const Json& root) : root_(root) {}

  Result<std::string> write() {
    BANCHU_TRY(const std::string root, expression(root_));
    rules_ += "root ::= " + root + "\n";
    if (rules_.size() > kMostBytes || count_ > kMostRules) return refused("is too large");
    return rules_ + kJson;
  }

 private:
  // Each answers what may stand on the right of a rule: a rule's name or something in parentheses.
  Result<std::string> expression(const Json& schema) {
    if (schema.is_boolean() && schema.get<bool>()) return std::string("value");
    if (!schema.is_object()) return refused("must be an object, and so must its parts");
    for (const auto& [key, value] : schema.items()) {
      if (!contains(kKept, key)) return refused(fmt::format("has \"{}\", which cannot be kept", shorten(key, 40)));
    }
    if (rules_.size() > kMostBytes || count_ > kMostRules) return refused("is too large");
    if (schema.contains("$ref")) return reference(schema["$ref"]);
    if (schema.contains("const")) return literal(schema["const"]);
    if (schema.contains("enum")) return choice(schema["enum"]);
    for (const char* key : {"anyOf", "oneOf"}) {
      if (schema.contains(key)) return any_of(schema[key]);
    }
    return of_type(schema);
  }

  Result<std::string> of_type(const Json& schema) {
    const Json type = schema.contains("type") ? schema["type"] : Json();
    if (type.is_array()) {
      Json choices = Json::array();
      for (const Json& one : type) {
        choices.push_back(schema);
        choices.back()["type"] = one;
      }
      return any_of(choices);
    }
    if (type.is_null()) {
      if (schema.contains("properties")) return object(schema);
      return schema.contains("items") ? array(schema) : Result<std::string>(std::string("value"));
    }
    const std::string name = type.is_string() ? type.get<std::string>() : "";
    if (!contains(kTypes, name)) return refused("names a type that JSON does not have: " + shorten(to_line(type), 40));
    if (name == "object") return object(schema);
    if (name == "array") return array(schema);
    return name == "string" ? string(schema) : Result<std::string>(name);
  }

  // "#/$defs/node": the rule is named before it is written, so that it may refer to itself.
  Result<std::string> reference(const Json& to) {
    const std::string path = to.is_string() ? to.get<std::string>() : "";
    if (path == "#") return refused("refers to itself as a whole: put it under $defs");
    for (const char* home : {"$defs", "definitions"}) {
      const std::string prefix = fmt::format("#/{}/", home);
      if (!path.starts_with(prefix) || !root_.is_object() || !root_.contains(home)) continue;
      const auto found = root_[home].find(path.substr(prefix.size()));
      if (!root_[home].is_object() || found == root_[home].end()) break;
      const auto known = references_.find(path);
      if (known != references_.end()) return known->second;
      const std::string name = references_[path] = next_name();
      if (references_.size() > 200) return refused("is too large");
      BANCHU_TRY(const std::string right, expression(*found));
      rules_ += name + " ::= " + right + "\n";
      return name;
    }
    return refused(fmt::format("refers to {}, which is not in its $defs", shorten(to_line(to), 60)));
  }

  Result<std::string> choice(const Json& values) {
    if (!values.is_array() || values.empty()) return refused("has an enum that is no list of values");
    choices_ += values.size();
    if (choices_ > kMostChoices) return refused(fmt::format("has more than {} choices", kMostChoices));
    std::vector<std::string> parts;
    for (const Json& value : values) parts.push_back(literal(value));
    return "(" + join(parts, " | ") + ")";
  }

  Result<std::string> any_of(const Json& schemas) {
    if (!schemas.is_array() || schemas.empty()) return refused("has an anyOf that is no list of schemas");
    choices_ += schemas.size();
    if (choices_ > kMostChoices) return refused(fmt::format("has more than {} choices", kMostChoices));
    std::vector<std::string> parts;
    for (const Json& schema : schemas) {
      BANCHU_TRY(std::string part, expression(schema));
      parts.push_back(std::move(part));
    }
    return "(" + join(parts, " | ") + ")";
  }

  // {m,n} of a schema's minX and maxX; n is -1 when there is no most.
  static Result<std::pair<std::int64_t, std::int64_t>> bounds(const Json& schema, const char* least, const char* most,
                                                              std::int64_t cap) {
    std::pair<std::int64_t, std::int64_t> found = {0, -1};
    for (const auto& [key, into] : {std::pair{least, &found.first}, std::pair{most, &found.second}}) {
      if (!schema.contains(key)) continue;
      const Json& value = schema[key];
      const bool good = value.is_number_unsigned() && value.get<std::uint64_t>() <= static_cast<std::uint64_t>(cap);
      if (!good) return refused(fmt::format("has a \"{}\" that is no whole number up to {}", key, cap));
      *into = value.get<std::int64_t>();
    }
    if (found.second >= 0 && found.first > found.second) {
      return refused(fmt::format("has a \"{}\" above its \"{}\"", least, most));
    }
    return found;
  }

  static std::string times(std::int64_t least, std::int64_t most) {
    return most < 0 ? fmt::format("{{{},}}", least) : fmt::format("{{{},{}}}", least, most);
  }

  Result<std::string> string(const Json& schema) {
    BANCHU_TRY(const auto length, bounds(schema, "minLength", "maxLength", kMostCharacters));
    if (length.first == 0 && length.second < 0) return std::string("string");
    return fmt::format(R"(("\"" char{} "\""))", times(length.first, length.second));
  }

  Result<std::string> array(const Json& schema) {
    std::string item = "value";
    if (schema.contains("items")) {
      BANCHU_TRY(item, expression(schema["items"]));
    }
    BANCHU_TRY(const auto count, bounds(schema, "minItems", "maxItems", kMostItems));
    if (count.second == 0) return std::string(R"(("[" ws "]"))");
    const std::string one = define(item);
    const std::string more = count.second == 1 ? "" : separated(one, count);
    const std::string items = one + more;
    return fmt::format(R"(("[" ws {} ws "]"))", count.first == 0 ? "(" + items + ")?" : items);
  }

  // What comes behind an array's first item.
  static std::string separated(const std::string& item, std::pair<std::int64_t, std::int64_t> count) {
    const bool any_number = count.first <= 1 && count.second < 0;
    const std::int64_t least = std::max<std::int64_t>(count.first - 1, 0);
    const std::string how_many = any_number ? "*" : times(least, count.second < 0 ? -1 : count.second - 1);
    return fmt::format(R"( ("," ws {}){})", item, how_many);
  }

  Result<std::string> object(const Json& schema) {
    const Json required = schema.contains("required") ? schema["required"] : Json::array();
    const Json properties = schema.contains("properties") ? schema["properties"] : Json::object();
    if (!properties.is_object()) return refused("has \"properties\" that are no object");
    const bool all_strings = required.is_array() && std::all_of(required.begin(), required.end(), [&](const Json& one) {
                               return one.is_string() && properties.contains(one.get<std::string>());
                             });
    if (!all_strings) return refused("requires what is not among its properties");
    if (properties.empty()) return free_object(schema);
    return closed_object(properties, required);
  }

  Result<std::string> free_object(const Json& schema) {
    const Json more = schema.contains("additionalProperties") ? schema["additionalProperties"] : Json(true);
    if (more.is_boolean()) return std::string(more.get<bool>() ? "object" : R"(("{" ws "}"))");
    BANCHU_TRY(const std::string value, expression(more));
    const std::string pair = define(R"(string ":" ws )" + value);
    return fmt::format(R"(("{{" ws ({} ("," ws {})*)? ws "}}"))", pair, pair);
  }

  // Backwards from the last property: what may follow when nothing stands yet (`first`), and behind another (`later`).
  Result<std::string> closed_object(const Json& properties, const Json& required) {
    std::string first = R"("")", later = R"("")";
    std::vector<std::pair<std::string, Json>> rows;
    for (const auto& [name, schema] : properties.items()) rows.emplace_back(name, schema);
    for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
      BANCHU_TRY(const std::string value, expression(row->second));
      const bool must = std::find(required.begin(), required.end(), Json(row->first)) != required.end();
      const std::string pair = define(fmt::format(R"({} ":" ws {})", literal(row->first), value));
      const std::string skipped_first = must ? "" : " | " + first, skipped_later = must ? "" : " | " + later;
      first = define(pair + " " + later + skipped_first);
      later = define(R"("," ws )" + pair + " " + later + skipped_later);
    }
    return fmt::format(R"(("{{" ws {} ws "}}"))", first);
  }

  std::string next_name() { return fmt::format("r{}", ++count_); }
  std::string define(const std::string& right) {
    const std::string name = next_name();
    rules_ += name + " ::= " + right + "\n";
    return name;
  }

  const Json& root_;
  std::string rules_;
  std::map<std::string, std::string> references_;
  std::size_t choices_ = 0;
  int count_ = 0;
};

}  // namespace

std::string any_json_object() { return std::string("root ::= object\n") + kJson; }

Result<std::string> grammar_of_schema(const Json& schema) {
  BANCHU_TRY(std::string grammar, SchemaWriter(schema).write());
  BANCHU_TRY_STATUS(check_grammar(grammar));  // a $ref that leads back to itself with nothing before it
  return grammar;
}

Result<std::string> grammar_of_response_format(const Json& format) {
  if (format.is_null()) return std::string();
  const std::string type = format.is_object() ? string_at(format, "type") : "";
  if (type == "text") return std::string();
  const Json wrapped = type == "json_schema" && format.contains("json_schema") ? format["json_schema"] : format;
  const bool has_schema = wrapped.is_object() && wrapped.contains("schema") && !wrapped["schema"].is_null();
  if (type == "json_schema" && !has_schema) {
    return make_error(Code::InvalidArgument, "Field 'response_format': a json_schema needs a \"schema\"");
  }
  if (type == "json_schema" || (type == "json_object" && has_schema)) return grammar_of_schema(wrapped["schema"]);
  if (type == "json_object") return any_json_object();
  return make_error(Code::InvalidArgument,
                    "Field 'response_format': its type must be text, json_object or json_schema");
}

Result<std::string> grammar_of_ollama_format(const Json& format) {
  if (format.is_null() || format == "") return std::string();
  if (format == "json") return any_json_object();
  if (format.is_object()) return grammar_of_schema(format);
  return make_error(Code::InvalidArgument, "Field 'format': must be \"json\" or a JSON schema");
}

}  // namespace banchu
