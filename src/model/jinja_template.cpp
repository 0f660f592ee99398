#include "model/jinja_template.h"

#include <chrono>
#include <cstdint>
#include <exception>

#include "jinja/lexer.h"
#include "jinja/parser.h"
#include "jinja/runtime.h"
#include "model/jinja_guard.h"

namespace banchu {
namespace {

constexpr std::size_t kMaxSourceBytes = 256 << 10;
constexpr int kMaxNesting = 100;  // of brackets: the parser descends once for each

// The first line of what the interpreter says, which draws pictures below it.
Error template_error(const std::string& what) {
  std::string line = what;
  if (const std::size_t at = line.rfind("Error: "); at != std::string::npos) line.erase(0, at + 7);
  line = line.substr(0, line.find('\n'));
  return make_error(Code::InvalidArgument, "the model's chat template refuses this conversation: " + line,
                    "many templates want user and assistant to take turns, and know no system message");
}

bool nests_too_deep(const std::string& source) {
  int depth = 0;
  for (const char c : source) {
    if (c == '(' || c == '[' || c == '{') ++depth;
    if ((c == ')' || c == ']' || c == '}') && depth > 0) --depth;
    if (depth > kMaxNesting) return true;
  }
  return false;
}

const char* role_name(Role role) {
  switch (role) {
    case Role::system:
      return "system";
    case Role::user:
      return "user";
    case Role::assistant:
      return "assistant";
  }
  return "user";
}

jinja::value text_value(const std::string& text) { return jinja::mk_val<jinja::value_string>(text); }

jinja::value message_value(const Message& message) {
  auto content = jinja::mk_val<jinja::value_string>(message.content);
  content->mark_input();
  auto object = jinja::mk_val<jinja::value_object>();
  object->insert("role", text_value(role_name(message.role)));
  object->insert("content", content);
  return object;
}

void set_variables(jinja::context& context, std::span<const Message> messages,
                   const JinjaTemplate::Variables& variables) {
  auto list = jinja::mk_val<jinja::value_array>();
  for (const Message& message : messages) list->push_back(message_value(message));
  context.set_val("messages", list);
  context.set_val("bos_token", text_value(variables.bos_token));
  context.set_val("eos_token", text_value(variables.eos_token));
  context.set_val("enable_thinking", jinja::mk_val<jinja::value_bool>(false));
  context.set_val("add_generation_prompt", jinja::mk_val<jinja::value_bool>(variables.add_generation_prompt));
  limit_range(context);
}

}  // namespace

struct JinjaTemplate::Program {
  std::string source;
  jinja::program tree;
};

JinjaTemplate::JinjaTemplate(std::unique_ptr<Program> program, int deadline_ms)
    : program_(std::move(program)), deadline_ms_(deadline_ms) {}
JinjaTemplate::~JinjaTemplate() = default;

Result<std::unique_ptr<JinjaTemplate>> JinjaTemplate::parse(const std::string& source, int deadline_ms) {
  if (source.size() > kMaxSourceBytes || nests_too_deep(source)) {
    return make_error(Code::InvalidArgument, "the model's chat template is too large or nests too deep");
  }
  try {
    const jinja::lexer_result tokens = jinja::lexer().tokenize(source);
    auto program = std::make_unique<Program>(Program{tokens.source, jinja::parse_from_tokens(tokens)});
    guard_program(program->tree);
    return std::unique_ptr<JinjaTemplate>(new JinjaTemplate(std::move(program), deadline_ms));
  } catch (const std::exception& failure) {
    const std::string what = failure.what();
    return make_error(Code::InvalidArgument,
                      "the model's chat template cannot be read: " + what.substr(0, what.find('\n')));
  }
}

Result<std::vector<TemplatePart>> JinjaTemplate::run(std::span<const Message> messages,
                                                     const Variables& variables) const {
  try {
    const GuardScope guard(deadline_ms_);
    jinja::context context(program_->source);
    set_variables(context, messages, variables);
    const jinja::value_array results = jinja::runtime(context).execute(program_->tree);
    auto gathered = jinja::mk_val<jinja::value_string>();
    jinja::gather_string_parts_recursive(results, gathered);
    std::vector<TemplatePart> parts;
    for (jinja::string_part& part : gathered->val_str.parts) parts.push_back({std::move(part.val), part.is_input});
    return parts;
  } catch (const GuardTripped& tripped) {
    return make_error(Code::InvalidArgument, std::string("the model's chat template ") + tripped.why,
                      "use another model file, or one with a repaired template");
  } catch (const std::exception& failure) {
    return template_error(failure.what());
  }
}

}  // namespace banchu
