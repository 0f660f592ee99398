// A model that came without a chat template gets ChatML. Where its vocabulary does not know the word that ends a turn,
// the reply must end there all the same.
#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/model/gguf_writer.h"
#include "tests/model/model_fixture.h"

namespace banchu {
namespace {

void replace_once(std::string& bytes, const std::string& old, const std::string& with) {
  const std::size_t at = bytes.find(old);
  ASSERT_NE(at, std::string::npos) << old;
  bytes.replace(at, old.size(), with);
}

std::string with_length(const std::string& text) {  // as GGUF writes a string
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(text.size());
  return bytes + text;
}

// The tiny model without its template, and with a token that reads "<|im_end|>>" and means nothing to the vocabulary
// where its end of turn was. No byte behind the header moves.
std::string tiny_without_template() {
  std::string bytes = read_file(std::filesystem::path(BANCHU_SOURCE_DIR) / "tests/fixtures/tiny/tiny.gguf").value();
  replace_once(bytes, "tokenizer.chat_template", "tokenizer.chat_templatX");
  replace_once(bytes, with_length("banchu tiny test model"), with_length("banchu tiny test mode"));
  replace_once(bytes, with_length("<|im_end|>"), with_length("<|im_end|>>"));
  const std::string types = "tokenizer.ggml.token_type";
  const std::size_t type_of_two = bytes.find(types) + types.size() + 4 + 4 + 8 + 2 * 4;
  bytes[type_of_two] = 1;  // normal
  const std::string eos = "tokenizer.ggml.eos_token_id";
  bytes[bytes.find(eos) + eos.size() + 4] = 0;
  return bytes;
}

TEST(BuiltinTemplate, EndsAReplyWhereTheTemplateEndsATurn) {
  const TemporaryFolder folder = std::move(TemporaryFolder::create("banchu-builtin")).value();
  const auto path = folder.path() / "tiny.gguf";
  GgufWriter::save(path, tiny_without_template());
  const auto model = Model::load(path);
  ASSERT_TRUE(model) << model.error().message;
  ASSERT_TRUE((*model)->chat_template().is_builtin());
  const auto session = Session::open(*model, {1, 512, 1});
  ASSERT_TRUE(session);
  CompletionRequest request;
  // As the model was trained to see a turn: with the tokens it knows.
  request.prompt = {1};
  for (const Token token : (*model)->tokenizer().encode("user\nhello")) request.prompt.push_back(token);
  request.prompt.push_back(2);
  for (const Token token : (*model)->tokenizer().encode("\n")) request.prompt.push_back(token);
  request.prompt.push_back(1);
  for (const Token token : (*model)->tokenizer().encode("assistant\n")) request.prompt.push_back(token);
  request.sampling.temperature = 0;
  request.sampling.max_tokens = 200;
  const auto reply = (*session)->complete(request, nullptr, nullptr).value();
  EXPECT_EQ(reply.stop_reason, StopReason::stop_sequence) << reply.text;
  EXPECT_EQ(reply.text.find("<|im_"), std::string::npos) << reply.text;
  const auto batch = (*session)->complete_all(std::vector<CompletionRequest>{request}, {}, nullptr).value();
  EXPECT_EQ(batch[0].text, reply.text);
}

TEST(BuiltinTemplate, AModelWithItsOwnTemplateGetsNoStop) {
  const auto model = Model::load(std::filesystem::path(BANCHU_SOURCE_DIR) / "tests/fixtures/tiny/tiny.gguf").value();
  EXPECT_EQ(model->chat_template().end_of_turn_text(), "");
}

}  // namespace
}  // namespace banchu
