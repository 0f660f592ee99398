// Conversations with the default model: what the script cannot show.
#include <gtest/gtest.h>

#include <cstdlib>

#include "chat/chat.h"

namespace banchu {
namespace {

std::filesystem::path default_model_path() {
  const char* home = std::getenv("BANCHU_HOME");
  const char* user = std::getenv("HOME");
  const std::filesystem::path folder = home != nullptr
                                           ? std::filesystem::path(home)
                                           : std::filesystem::path(user != nullptr ? user : "") / ".local/share/banchu";
  return folder / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf";
}

class RealConversation : public ::testing::Test {
 protected:
  static constexpr int kContextTokens = 192;

  void SetUp() override {
    std::error_code failure;
    if (!std::filesystem::exists(default_model_path(), failure)) {
      GTEST_SKIP() << "the default model is not on this machine: " << default_model_path();
    }
    Result<std::shared_ptr<Model>> model = Model::load(default_model_path());
    ASSERT_TRUE(model) << model.error().message;
    Result<std::unique_ptr<Session>> session = Session::open(*model, {1, kContextTokens, 1});
    ASSERT_TRUE(session) << session.error().message;
    session_ = std::move(*session);
    persona_.system = "You are Dori, a warm companion.";
    persona_.sampling.max_tokens = 12;
  }

  Conversation begin() const {
    ConversationStart start;
    start.seed = 7;
    start.context_tokens = kContextTokens;
    return Conversation(*session_, persona_, start, {});
  }

  std::unique_ptr<Session> session_;
  Persona persona_;
};

TEST_F(RealConversation, StreamsExactlyTheReplyAndFindsTheConversationInTheCache) {
  Conversation talk = begin();
  std::string streamed;
  const Result<Reply> first = talk.say(
      "Good evening!", [&](std::string_view text) { streamed += text; }, nullptr);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(streamed, first->text);
  EXPECT_FALSE(first->text.empty());
  const Result<Reply> second = talk.say("How was your day?", {}, nullptr);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_GT(second->cached_tokens, first->prompt_tokens / 2);
  EXPECT_LE(second->completion_tokens, 12u);
}

TEST_F(RealConversation, TheSameSeedSaysTheSame) {
  Conversation one = begin();
  Conversation two = begin();
  const Result<Reply> a = one.say("Tell me about the sea.", {}, nullptr);
  const Result<Reply> b = two.say("Tell me about the sea.", {}, nullptr);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->text, b->text);
}

TEST_F(RealConversation, OutlivesItsContext) {
  Conversation talk = begin();
  std::size_t left_out = 0;
  for (int i = 0; i < 8; ++i) {
    const Result<Reply> reply = talk.say("Tell me one more thing about the sea and about its waves.", {}, nullptr);
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_LE(reply->prompt_tokens + 12, static_cast<std::uint32_t>(kContextTokens));
    left_out = reply->left_out;
  }
  EXPECT_GT(left_out, 0u);
  EXPECT_EQ(talk.history().size(), 8u);
}

}  // namespace
}  // namespace banchu
