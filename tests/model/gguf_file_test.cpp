#include "model/gguf_file.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/rng.h"
#include "tests/model/gguf_writer.h"
#include "tests/model/model_fixture.h"

namespace banchu {
namespace {

class GgufFileTest : public testing::Test {
 protected:
  static GgufWriter small() {
    GgufWriter writer;
    writer.text("general.architecture", "llama");
    writer.text("general.name", "Small 반추");
    writer.number<std::uint32_t>("llama.embedding_length", 4, 8);
    writer.number<std::uint32_t>("llama.attention.head_count", 4, 2);
    writer.number<float>("a.float", 6, 0.5f);
    writer.number<std::int8_t>("a.negative", 1, -3);
    writer.number<std::uint8_t>("a.flag", 7, 1);
    writer.texts("tokenizer.ggml.tokens", {"a", "b", "c"});
    writer.tensor("x.weight", {8, 3}, std::vector<float>(24, 1.5f));
    writer.tensor("y.weight", {8}, std::vector<float>(8, 2.5f));
    return writer;
  }
  Result<std::shared_ptr<const GgufFile>> open(const std::string& bytes) const {
    return GgufFile::open(GgufWriter::save(folder_.path() / "file.gguf", bytes));
  }
  Code code_of(const std::string& bytes) const {
    const auto file = open(bytes);
    return file ? Code::Internal : file.error().code;
  }
  TemporaryFolder folder_ = std::move(TemporaryFolder::create("banchu-gguf")).value();
};

TEST_F(GgufFileTest, ReadsValuesAndTensors) {
  for (const std::uint32_t version : {2u, 3u}) {
    const auto file = open(small().bytes(version));
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ((*file)->text("general.name"), "Small 반추");
    EXPECT_EQ((*file)->integer("a.negative"), -3);
    EXPECT_EQ((*file)->number("a.float"), 0.5);
    EXPECT_EQ((*file)->integer("a.float"), std::nullopt);
    EXPECT_EQ((*file)->text("nothing"), std::nullopt);
    const GgufTensor* x = (*file)->find_tensor("x.weight");
    ASSERT_NE(x, nullptr);
    EXPECT_EQ(x->elements(), 24u);
    EXPECT_EQ(x->bytes, 96u);
    float value = 0;
    std::memcpy(&value, x->data + 92, 4);
    EXPECT_EQ(value, 1.5f);
    const ModelInfo info = model_info(**file).value();
    EXPECT_EQ(info.parameters, 32u);
    EXPECT_EQ(info.n_vocab, 3u);
    EXPECT_EQ(info.n_head_kv, 2u);
    EXPECT_EQ(info.quantisation, "F32");
    EXPECT_FALSE(info.has_chat_template);
  }
}

TEST_F(GgufFileTest, CountsWhatTheEngineLaysOutTwice) {
  constexpr std::uint32_t kQ4_0 = 2;
  constexpr std::uint64_t kRowBytes = 18;  // 32 weights
  GgufWriter writer = small();
  writer.tensor("blk.0.attn_q.weight", {32, 16}, kQ4_0, std::string(16 * kRowBytes, '\0'));
  writer.tensor("blk.0.attn_k.weight", {32, 7}, kQ4_0, std::string(7 * kRowBytes, '\0'));  // rows not in eights
  writer.tensor("token_embd.weight", {32, 16}, kQ4_0, std::string(16 * kRowBytes, '\0'));  // looked up by row
  const auto file = open(writer.bytes());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(model_info(**file)->repacked_bytes, 16 * kRowBytes);
}

TEST_F(GgufFileTest, RefusesTheFileCutShortAnywhere) {
  const std::string whole = small().bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto file = open(whole.substr(0, size));
    ASSERT_FALSE(file) << size;
    ASSERT_EQ(file.error().code, Code::Corruption) << size;
  }
}

TEST_F(GgufFileTest, SurvivesEveryFlippedByteOfTheHeader) {
  const std::string whole = small().bytes();
  Rng rng(5);
  for (std::size_t at = 0; at + 192 < whole.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xff, static_cast<int>(rng.below(255)) + 1}) {
      std::string broken = whole;
      broken[at] = static_cast<char>(broken[at] ^ flip);
      const auto file = open(broken);
      if (!file) continue;
      double sum = 0;  // whatever is accepted must be readable
      for (const GgufTensor& tensor : (*file)->tensors()) {
        for (std::uint64_t i = 0; i < tensor.bytes; ++i) sum += static_cast<double>(tensor.data[i]);
      }
      EXPECT_GE(sum, 0);
      const auto info = model_info(**file);
      EXPECT_TRUE(!info || info->parameters < (1u << 20));
    }
  }
}

TEST_F(GgufFileTest, SurvivesRandomBytesBehindItsMagic) {
  Rng rng(6);
  for (int round = 0; round < 300; ++round) {
    std::string bytes = small().bytes().substr(0, 24);
    for (int i = 0; i < 400; ++i) bytes += static_cast<char>(rng.below(4) == 0 ? rng.below(256) : rng.below(13));
    EXPECT_FALSE(open(bytes));
  }
}

TEST_F(GgufFileTest, RefusesImpossibleClaims) {
  GgufWriter overflow = small();
  overflow.tensor("z", {1ULL << 62, 1ULL << 62}, {});
  EXPECT_EQ(code_of(overflow.bytes()), Code::Corruption);
  GgufWriter outside = small();
  outside.tensor("z", {1ULL << 40}, {});
  EXPECT_EQ(code_of(outside.bytes()), Code::Corruption);
  GgufWriter twice = small();
  twice.tensor("x.weight", {8}, std::vector<float>(8));
  EXPECT_EQ(code_of(twice.bytes()), Code::Corruption);
  GgufWriter alignment = small();
  alignment.number<std::uint32_t>("general.alignment", 4, 48);
  EXPECT_EQ(code_of(alignment.bytes()), Code::Corruption);
  GgufWriter dimensions = small();
  dimensions.tensor("z", {1, 1, 1, 1, 1}, {1});
  EXPECT_EQ(code_of(dimensions.bytes()), Code::Corruption);
  GgufWriter key = small();
  key.text("general.name", "again");
  EXPECT_EQ(code_of(key.bytes()), Code::Corruption);
}

TEST_F(GgufFileTest, RefusesForeignFilesAndVersions) {
  EXPECT_EQ(code_of("PK\x03\x04 this is a zip file, not a model at all"), Code::Corruption);
  EXPECT_EQ(code_of(""), Code::Corruption);
  EXPECT_EQ(code_of(small().bytes(1)), Code::Unsupported);
  EXPECT_EQ(code_of(small().bytes(9)), Code::Unsupported);
  EXPECT_EQ(GgufFile::open(folder_.path()).error().code, Code::Corruption);
  EXPECT_EQ(GgufFile::open(folder_.path() / "nothing").error().code, Code::NotFound);
}

TEST_F(GgufFileTest, DescribesTheDefaultModel) {
  if (!std::filesystem::exists(default_model_path())) GTEST_SKIP() << "the default model is not there";
  const ModelInfo info = model_info(**GgufFile::open(default_model_path())).value();
  EXPECT_EQ(info.architecture, "llama");
  EXPECT_EQ(info.quantisation, "Q4_1");
  EXPECT_EQ(info.n_vocab, 49152u);
  EXPECT_EQ(info.n_embd, 576u);
  EXPECT_EQ(info.n_layer, 30u);
  EXPECT_EQ(info.n_head, 9u);
  EXPECT_EQ(info.n_head_kv, 3u);
  EXPECT_EQ(info.context_tokens, 8192u);
  EXPECT_TRUE(info.has_chat_template);
  EXPECT_EQ(info.license, "apache-2.0");
}

}  // namespace
}  // namespace banchu
