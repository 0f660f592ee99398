// Private to model/: runs a chat template written in Jinja, and keeps apart what the template wrote and what people
// wrote.
//
// The interpreter has no step limit and a template comes with a downloaded file, so the parsed template is given
// guards: a check in every loop and macro body and at every string operation that throws when the deadline has
// passed, the stack is deep or a string is huge. Nothing is left running.
// Threads: const after parse; any number may run at once. Errors: InvalidArgument.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/message.h"

namespace banchu {

// A piece of the rendering. The pieces are not joined: one message content is one piece.
struct TemplatePart {
  std::string text;
  bool from_message = false;
};

class JinjaTemplate {
 public:
  struct Variables {
    std::string bos_token;
    std::string eos_token;
    bool add_generation_prompt = false;
  };

  static Result<std::unique_ptr<JinjaTemplate>> parse(const std::string& source, int deadline_ms = 2000);
  ~JinjaTemplate();
  Result<std::vector<TemplatePart>> run(std::span<const Message> messages, const Variables& variables) const;

 private:
  struct Program;
  JinjaTemplate(std::unique_ptr<Program> program, int deadline_ms);
  std::unique_ptr<Program> program_;
  int deadline_ms_;
};

}  // namespace banchu
