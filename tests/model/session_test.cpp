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

TEST_F(RealSession, RepliesTheSameFromACachedPrefixAsFromTheBeginning) {
  const auto session = open();
  const auto first = session->complete(request("What is the sun?"), nullptr, nullptr).value();
  EXPECT_EQ(first.cached_tokens, 0u);
  std::vector<Message> messages = {
      {Role::user, "What is the sun?"}, {Role::assistant, first.text}, {Role::user, "And the moon?"}};
  CompletionRequest next = request("");
  next.prompt = model_->chat_template().render(messages, true)->tokens;
  const auto cached = session->complete(next, nullptr, nullptr).value();
  const auto cold = open()->complete(next, nullptr, nullptr).value();
  EXPECT_GT(cached.cached_tokens, 20u);
  EXPECT_EQ(cold.cached_tokens, 0u);
  EXPECT_EQ(cached.text, cold.text);
}

TEST_F(RealSession, EndsForEveryReason) {
  const auto session = open(64);
  auto ask = request("Count from one to one hundred in words.", 1000);
  EXPECT_EQ(session->complete(ask, nullptr, nullptr)->stop_reason, StopReason::context_full);
  ask.sampling.max_tokens = 3;
  const auto three = session->complete(ask, nullptr, nullptr).value();
  EXPECT_EQ(three.stop_reason, StopReason::max_tokens);
  EXPECT_EQ(three.tokens.size(), 3u);
  CancelFlag cancel{true};
  EXPECT_EQ(session->complete(ask, nullptr, &cancel)->stop_reason, StopReason::cancelled);
  ask.prompt.assign(64, 1);
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
