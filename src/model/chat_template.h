// Private to model/: the model's own chat template as the ChatTemplate contract.
//
// Threads: const, may be shared.
#pragma once

#include <memory>
#include <optional>

#include "model/jinja_template.h"
#include "model/model.h"
#include "model/template_parts.h"
#include "model/tokenizer.h"

namespace banchu {

class ModelChatTemplate final : public ChatTemplate {
 public:
  // `source` empty: the built-in ChatML. `tokenizer` must outlive the template.
  static Result<std::unique_ptr<ModelChatTemplate>> create(const std::string& source, const LlamaTokenizer& tokenizer);

  Result<RenderedChat> render(std::span<const Message> messages, bool add_generation_prompt) const override;
  bool is_builtin() const override { return is_builtin_; }
  std::string_view end_of_turn_text() const override;

 private:
  ModelChatTemplate(std::unique_ptr<JinjaTemplate> jinja, const LlamaTokenizer& tokenizer, bool is_builtin);
  bool could_inject(const std::string& text) const;
  RenderedChat tokenise(std::span<const Message> messages, std::vector<OwnedPart> parts) const;
  // `open`: the span of the content just before, which this text may end.
  void append_template_part(std::string_view text, TokenSpan* open, std::vector<Token>& tokens) const;
  std::size_t add_bos(std::vector<Token>& tokens) const;
  std::size_t end_of_turn(const std::vector<Token>& tokens, std::size_t from) const;

  std::unique_ptr<JinjaTemplate> jinja_;
  const LlamaTokenizer& tokenizer_;
  bool is_builtin_;
  std::string bos_text_;
  std::string eos_text_;
};

}  // namespace banchu
