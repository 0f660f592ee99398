#include "model/chat_template.h"

#include "base/text.h"

namespace banchu {
namespace {

const char* const kBuiltinEnd = "<|im_end|>";
const char* const kBuiltinChatMl =
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

// A space that the template writes before a content belongs to the content's first word, as it would if both were
// tokenised together.
void move_spaces(std::vector<OwnedPart>& parts) {
  for (std::size_t i = 1; i < parts.size(); ++i) {
    OwnedPart& before = parts[i - 1];
    if (before.message >= 0 || parts[i].message < 0 || parts[i].text.empty() || !before.text.ends_with(' ')) continue;
    before.text.pop_back();
    parts[i].text.insert(0, 1, ' ');
  }
}

}  // namespace

ModelChatTemplate::ModelChatTemplate(std::unique_ptr<JinjaTemplate> jinja, const LlamaTokenizer& tokenizer,
                                     bool is_builtin)
    : jinja_(std::move(jinja)),
      tokenizer_(tokenizer),
      is_builtin_(is_builtin),
      bos_text_(tokenizer.written(tokenizer.bos())),
      eos_text_(tokenizer.written(tokenizer.eos())) {}

Result<std::unique_ptr<ModelChatTemplate>> ModelChatTemplate::create(const std::string& source,
                                                                     const LlamaTokenizer& tokenizer) {
  const bool builtin = source.empty();
  BANCHU_TRY(auto jinja, JinjaTemplate::parse(builtin ? kBuiltinChatMl : source));
  return std::unique_ptr<ModelChatTemplate>(new ModelChatTemplate(std::move(jinja), tokenizer, builtin));
}

Result<RenderedChat> ModelChatTemplate::render(std::span<const Message> messages, bool add_generation_prompt) const {
  for (std::size_t i = 0; i < messages.size(); ++i) {
    BANCHU_TRY_STATUS(check_utf8(messages[i].content, "message " + std::to_string(i + 1)));
  }
  const JinjaTemplate::Variables variables{bos_text_, eos_text_, add_generation_prompt};
  const TemplateRunner run = [&](std::span<const Message> given) { return jinja_->run(given, variables); };
  const auto inject = [this](const std::string& text) { return could_inject(text); };
  BANCHU_TRY(std::vector<OwnedPart> parts, render_owned(messages, run, inject));
  return tokenise(messages, std::move(parts));
}

std::string_view ModelChatTemplate::end_of_turn_text() const {
  const bool is_known = !is_builtin_ || tokenizer_.ends_generation(tokenizer_.control_token(kBuiltinEnd));
  return is_known ? "" : kBuiltinEnd;
}

bool ModelChatTemplate::could_inject(const std::string& text) const {
  std::vector<Token> tokens;
  tokenizer_.append_template(text, tokens);
  for (const Token token : tokens) {
    if (tokenizer_.is_control(token)) return true;
  }
  return false;
}

RenderedChat ModelChatTemplate::tokenise(std::span<const Message> messages, std::vector<OwnedPart> parts) const {
  move_spaces(parts);
  std::vector<Token> tokens;
  std::vector<std::optional<TokenSpan>> spans(messages.size());
  TokenSpan* open = nullptr;  // the content whose end of turn comes next
  for (const OwnedPart& part : parts) {
    const std::size_t begin = tokens.size();
    if (part.message < 0) {
      append_template_part(part.text, open, tokens);
      open = nullptr;
      continue;
    }
    tokenizer_.append_text(part.text, tokens);
    auto& span = spans[static_cast<std::size_t>(part.message)];
    if (!span) span = TokenSpan{begin, begin};
    span->end = tokens.size();
    open = &*span;
  }
  RenderedChat chat;
  const std::size_t shift = add_bos(tokens);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (messages[i].role != Role::assistant) continue;
    chat.replies.push_back(spans[i] ? TokenSpan{spans[i]->begin + shift, spans[i]->end + shift} : TokenSpan{});
  }
  chat.tokens = std::move(tokens);
  return chat;
}

void ModelChatTemplate::append_template_part(std::string_view text, TokenSpan* open, std::vector<Token>& tokens) const {
  const std::size_t begin = tokens.size();
  if (is_builtin_ && open != nullptr && text.starts_with(kBuiltinEnd)) {  // it may be plain text in this vocabulary
    tokenizer_.append_template(kBuiltinEnd, tokens);
    open->end = tokens.size();
    tokenizer_.append_template(text.substr(std::string_view(kBuiltinEnd).size()), tokens);
    return;
  }
  tokenizer_.append_template(text, tokens);
  if (open != nullptr) open->end = end_of_turn(tokens, begin);
}

// How many tokens were put in front: one, unless the template has written it or the model wants none.
std::size_t ModelChatTemplate::add_bos(std::vector<Token>& tokens) const {
  const Token bos = tokenizer_.bos();
  if (!tokenizer_.adds_bos() || bos < 0 || (!tokens.empty() && tokens.front() == bos)) return 0;
  tokens.insert(tokens.begin(), bos);
  return 1;
}

// Behind the control token that ends a turn: the first token behind the content, or one that only white space
// precedes and that the vocabulary knows as an end. `from` when there is none.
std::size_t ModelChatTemplate::end_of_turn(const std::vector<Token>& tokens, std::size_t from) const {
  for (std::size_t i = from; i < tokens.size(); ++i) {
    if (tokenizer_.ends_generation(tokens[i])) return i + 1;
    if (tokenizer_.is_control(tokens[i])) return i == from ? i + 1 : from;
    if (!trim(tokenizer_.piece(tokens[i])).empty()) return from;
  }
  return from;
}

}  // namespace banchu
