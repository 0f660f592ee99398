#include <algorithm>

#include "base/text.h"
#include "tests/model/model_fixture.h"

namespace banchu {
namespace {

class RealSession : public RealModelTest {
 protected:
  CompletionRequest request(const std::string& user, int max_tokens = 24, std::uint64_t seed = 7) const {
    CompletionRequest request;
    request.prompt = prompt(user);
    request.sampling.max_tokens = max_tokens;
    request.seed = seed;
    return request;
  }
};

TEST_F(RealSession, RepliesTheSameForTheSameSeedAndOtherwiseForAnother) {
  const auto ask = [&](std::uint64_t seed) {
    return open()->complete(request("Tell me a story.", 24, seed), nullptr, nullptr).value().text;
  };
  EXPECT_EQ(ask(1), ask(1));
  EXPECT_NE(ask(1), ask(2));
}

TEST_F(RealSession, StreamsExactlyTheTextThatItReturns) {
  std::string streamed;
  const auto reply = open()->complete(
      request("Greet me with a smiley.", 40), [&](std::string_view t) { streamed += t; }, nullptr);
  ASSERT_TRUE(reply);
  EXPECT_EQ(streamed, reply->text);
  EXPECT_TRUE(is_valid_utf8(reply->text));
  EXPECT_GT(reply->tokens.size(), 3u);
}

// The engine's last bits depend on how many tokens it computes at once (its kernels differ from 64 on, and for single
// tokens), so both sides compute short batches, and the cached part is a prompt.
TEST_F(RealSession, RepliesTheSameFromACachedPrefixAsFromTheBeginning) {
  const auto session = open();
  ASSERT_TRUE(session->complete(request("What is the sun?", 1), nullptr, nullptr));
  CompletionRequest next = request("What is the moon?", 16);
  ASSERT_LT(next.prompt.size(), 64u);
  const auto cached = session->complete(next, nullptr, nullptr).value();
  const auto cold = open()->complete(next, nullptr, nullptr).value();
  EXPECT_GT(cached.cached_tokens, 20u);
  EXPECT_LT(cached.cached_tokens, next.prompt.size());
  EXPECT_EQ(cold.cached_tokens, 0u);
  EXPECT_EQ(cached.text, cold.text);
}

TEST_F(RealSession, ReusesTheReplyBeforeInTheNextTurn) {
  const auto session = open();
  const auto first = session->complete(request("What is the sun?", 12), nullptr, nullptr).value();
  const std::vector<Message> messages = {
      {Role::user, "What is the sun?"}, {Role::assistant, first.text}, {Role::user, "And the moon?"}};
  CompletionRequest next = request("", 2);
  next.prompt = model_->chat_template().render(messages, true)->tokens;
  const auto second = session->complete(next, nullptr, nullptr).value();
  EXPECT_GE(second.cached_tokens, first.prompt_tokens + 8);
}

TEST_F(RealSession, ComputesAWholeCachedPromptsLastTokenAgain) {
  const auto session = open();
  const auto ask = request("Hello!", 8);
  const std::string text = session->complete(ask, nullptr, nullptr)->text;
  const auto again = session->complete(ask, nullptr, nullptr).value();
  EXPECT_EQ(again.cached_tokens, ask.prompt.size() - 1);
  EXPECT_FALSE(again.text.empty());
}

TEST_F(RealSession, EndsForEveryReason) {
  auto ask = request("Count from one to one hundred in words.", 1000);
  const auto session = open(static_cast<int>(ask.prompt.size()) + 4);
  const auto full = session->complete(ask, nullptr, nullptr).value();
  EXPECT_EQ(full.stop_reason, StopReason::context_full);
  EXPECT_EQ(full.tokens.size(), 4u);
  ask.sampling.max_tokens = 3;
  const auto three = session->complete(ask, nullptr, nullptr).value();
  EXPECT_EQ(three.stop_reason, StopReason::max_tokens);
  EXPECT_EQ(three.tokens.size(), 3u);
  CancelFlag cancel{true};
  EXPECT_EQ(session->complete(ask, nullptr, &cancel)->stop_reason, StopReason::cancelled);
  ask.prompt.assign(ask.prompt.size() + 4, 1);
  EXPECT_EQ(session->complete(ask, nullptr, nullptr).error().code, Code::InvalidArgument);
  ask.prompt.clear();
  EXPECT_EQ(session->complete(ask, nullptr, nullptr).error().code, Code::InvalidArgument);
}

TEST_F(RealSession, StopsAtASequenceThatCrossesTokens) {
  const auto session = open();
  auto ask = request("Say hello.", 40);
  ask.sampling.temperature = 0;
  const std::string whole = session->complete(ask, nullptr, nullptr)->text;
  ASSERT_GT(whole.size(), 12u);
  const std::string stop = whole.substr(5, 6);
  ask.sampling.stop = {"never said", stop};
  std::string streamed;
  const auto reply = session
                         ->complete(
                             ask, [&](std::string_view t) { streamed += t; }, nullptr)
                         .value();
  EXPECT_EQ(reply.stop_reason, StopReason::stop_sequence);
  EXPECT_EQ(reply.text, whole.substr(0, whole.find(stop)));
  EXPECT_EQ(streamed, reply.text);
}

TEST_F(RealSession, NeverSaysABannedWordThatItLovesIn200Replies) {
  const auto session = open(128, 8);
  const auto saying = [&](const std::vector<WordBias>& words, std::size_t count) {
    std::vector<CompletionRequest> requests;
    for (std::size_t i = 0; i < count; ++i) {
      requests.push_back(request("What is your name?", 5, 1000 + i));
      requests.back().sampling.word_bias = words;
      requests.back().sampling.temperature = 1.0f;
    }
    return session->complete_all(requests, nullptr, nullptr).value();
  };
  const auto says = [](const Completion& reply, const std::string& word) {
    const std::vector<std::string> said = words(reply.text);
    return std::find(said.begin(), said.end(), word) != said.end();
  };
  int before = 0;
  for (const Completion& reply : saying({}, 24)) before += says(reply, "name") ? 1 : 0;
  EXPECT_GE(before, 8);
  for (const Completion& reply : saying({{"name", -100}, {"my", -100}}, 200)) {
    EXPECT_FALSE(says(reply, "name") || says(reply, "my")) << reply.text;
    EXPECT_LE(reply.tokens.size(), 5u);
  }
}

TEST_F(RealSession, AnswersManyRequestsInTheirOrder) {
  const auto session = open(256, 3);
  std::vector<CompletionRequest> requests;
  for (const char* user :
       {"Say one.", "What is the capital of France?", "Write about the sea.", "Hello!", "Who are you?"}) {
    requests.push_back(request(user, 6 + 5 * static_cast<int>(requests.size() % 2)));
    requests.back().sampling.temperature = 0;
  }
  std::size_t done = 0;
  const auto replies = session->complete_all(
      requests, [&](std::size_t n) { EXPECT_EQ(n, ++done); }, nullptr);
  ASSERT_TRUE(replies) << replies.error().message;
  ASSERT_EQ(replies->size(), requests.size());
  EXPECT_EQ(done, requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ((*replies)[i].text, open(256)->complete(requests[i], nullptr, nullptr)->text) << i;
  }
  CancelFlag cancel{true};
  EXPECT_EQ(session->complete_all(requests, nullptr, &cancel).error().code, Code::Cancelled);
}

}  // namespace
}  // namespace banchu
