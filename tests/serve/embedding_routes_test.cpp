#include <cstring>

#include "tests/serve/server_fixture.h"

namespace banchu {
namespace {

std::vector<float> floats_of(const std::string& base64) {
  const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (const char c : base64) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<unsigned>(letters.find(c));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 255);
  }
  std::vector<float> floats(bytes.size() / sizeof(float));
  std::memcpy(floats.data(), bytes.data(), floats.size() * sizeof(float));
  return floats;
}

TEST_F(ServerTest, EmbeddingsComeAsNumbersAndAsBase64) {
  start();
  const Json plain =
      Json::parse(post("/v1/embeddings", {{"input", Json::array({"The cat sleeps.", "한국어 문장입니다."})}})->body);
  ASSERT_EQ(plain["data"].size(), 2u);
  EXPECT_EQ(plain["data"][1]["index"], 1);
  const auto numbers = plain["data"][0]["embedding"].get<std::vector<float>>();
  EXPECT_EQ(numbers.size(), model_->info().n_embd);
  const Json coded =
      Json::parse(post("/v1/embeddings", {{"input", "The cat sleeps."}, {"encoding_format", "base64"}})->body);
  EXPECT_EQ(floats_of(coded["data"][0]["embedding"]), numbers);
  const Json tokens = Json::parse(post("/tokenize", {{"content", "The cat sleeps."}})->body)["tokens"];
  EXPECT_EQ(coded["usage"]["prompt_tokens"], tokens.size());
  const Json by_tokens = Json::parse(post("/v1/embeddings", {{"input", tokens}})->body);
  EXPECT_EQ(by_tokens["data"][0]["embedding"].get<std::vector<float>>(), numbers);
  const Json ollama = Json::parse(post("/api/embed", {{"model", "banchu"}, {"input", "The cat sleeps."}})->body);
  EXPECT_EQ(ollama["embeddings"][0].get<std::vector<float>>(), numbers);
  EXPECT_EQ(Json::parse(post("/api/embeddings", {{"prompt", "The cat sleeps."}})->body)["embedding"]
                .get<std::vector<float>>(),
            numbers);
}

TEST_F(ServerTest, EmbeddingsRefuseWhatTheyCannotTake) {
  start();
  for (const char* bad : {R"({})", R"({"input":null})", R"({"input":7})", R"({"input":[]})", R"({"input":[{}]})",
                          R"({"input":[[-1]]})", R"({"input":[99999999]})", R"({"input":""})",
                          R"({"input":"a","encoding_format":"hex"})", R"({"input":"a","dimensions":3})"}) {
    EXPECT_EQ(client_->Post("/v1/embeddings", bad, "application/json")->status, 400) << bad;
  }
  std::string many;
  for (int i = 0; i < 900; ++i) many += "word ";
  EXPECT_EQ(post("/v1/embeddings", {{"input", many}})->status, 400);
  EXPECT_EQ(post("/api/embed", {{"input", many}})->status, 200);
  const auto uncut = post("/api/embed", {{"input", many}, {"truncate", false}});
  EXPECT_EQ(uncut->status, 400);
  EXPECT_NE(uncut->body.find("context"), std::string::npos);
}

}  // namespace
}  // namespace banchu
