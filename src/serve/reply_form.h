// The form that a client asks a reply to have, as a grammar: any JSON object, or JSON by a schema.
//
// Of JSON Schema it takes what a grammar can promise: type, properties, required, items, minItems, maxItems,
// minLength, maxLength, enum, const, anyOf, oneOf and $ref to the schema's own $defs. An object holds its named
// properties in their order and no others. A keyword that would narrow the form and cannot be kept (pattern, minimum,
// ...) is refused by name, never left out in silence. Whitespace is at most one space.
//
// Errors: InvalidArgument.
#pragma once

#include <string>

#include "base/json.h"

namespace banchu {

std::string any_json_object();  // GBNF
Result<std::string> grammar_of_schema(const Json& schema);

// OpenAI's {"type":"text"|"json_object"|"json_schema"}; "" for text.
Result<std::string> grammar_of_response_format(const Json& format);
// Ollama's "format": "json", a schema, or ""; and llama-server's "json_schema".
Result<std::string> grammar_of_ollama_format(const Json& format);

}  // namespace banchu
