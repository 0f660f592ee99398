// Replies that come and go in one batch, and a night's batch beside them.
#include "model/crowd.h"

#include <algorithm>

#include "tests/model/model_fixture.h"

namespace banchu {
namespace {

class CrowdTest : public RealModelTest {
 protected:
  CompletionRequest ask(const std::string& text, int max_tokens = 8) const {
    CompletionRequest request;
    request.prompt = prompt(text);
    request.sampling.temperature = 0;
    request.sampling.max_tokens = max_tokens;
    return request;
  }
  static Completion finish(Crowd& crowd, int place) {
    while (true) {
      auto ended = crowd.step().value();
      for (Crowd::Ended& one : ended) {
        if (one.place == place) return one.completion;
      }
    }
  }
};

const std::string kLong =
    "Please tell me a story about a lighthouse keeper who collects sea glass and gives it to children.";

TEST_F(CrowdTest, SaysWhatOneAloneWouldSay) {
  const auto alone = open(512)->complete(ask("What is the sun?"), nullptr, nullptr).value();
  const auto session = open(512, 3);
  const auto crowd = Crowd::over(*session);
  std::string heard;
  const int place = crowd->begin(ask("What is the sun?"), [&](std::string_view text) { heard += text; }).value();
  const Completion said = finish(*crowd, place);
  EXPECT_EQ(said.text, alone.text);
  EXPECT_EQ(heard, alone.text);
  EXPECT_EQ(crowd->speaking(), 0);
}

TEST_F(CrowdTest, AConversationGoesOnInThePlaceThatKnowsIt) {
  const auto session = open(512, 3);
  const auto crowd = Crowd::over(*session);
  const int first = crowd->begin(ask("Name a fruit."), nullptr).value();
  const int second = crowd->begin(ask(kLong), nullptr).value();
  EXPECT_NE(first, second);
  finish(*crowd, second);
  while (crowd->speaking() > 0) ASSERT_TRUE(crowd->step());
  EXPECT_EQ(crowd->begin(ask(kLong), nullptr).value(), second);
  const Completion again = finish(*crowd, second);
  EXPECT_EQ(again.cached_tokens, again.prompt_tokens - 1);
}

TEST_F(CrowdTest, AReplyThatIsCancelledFreesItsPlaceAndNoOther) {
  const auto session = open(512, 2);
  const auto crowd = Crowd::over(*session);
  const int gone = crowd->begin(ask(kLong, 200), nullptr).value();
  const int stays = crowd->begin(ask("What is the sun?"), nullptr).value();
  EXPECT_EQ(crowd->begin(ask("Hello"), nullptr).error().code, Code::Busy);
  ASSERT_TRUE(crowd->step());
  crowd->cancel(gone);
  const auto ended = crowd->step().value();
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].completion.stop_reason, StopReason::cancelled);
  EXPECT_EQ(crowd->speaking(), 1);
  EXPECT_EQ(finish(*crowd, stays).text, open(512)->complete(ask("What is the sun?"), nullptr, nullptr)->text);
}

TEST_F(CrowdTest, APromptThatDoesNotFitDisturbsNobody) {
  const auto session = open(256, 2);
  const auto crowd = Crowd::over(*session);
  const int place = crowd->begin(ask("Name a fruit."), nullptr).value();
  std::string many;
  for (int i = 0; i < 400; ++i) many += "word ";
  EXPECT_EQ(crowd->begin(ask(many), nullptr).error().code, Code::InvalidArgument);
  EXPECT_EQ(crowd->speaking(), 1);
  EXPECT_FALSE(finish(*crowd, place).text.empty());
}

// A server looks for the place that knows a prompt; a night takes places in order, so that it repeats itself.
TEST_F(CrowdTest, ANightsBatchTakesThePlacesInOrder) {
  const auto session = open(512, 2);
  const std::vector<CompletionRequest> day = {ask("Name a fruit."), ask(kLong)};
  ASSERT_TRUE(session->complete_all(day, nullptr, nullptr));
  const std::vector<CompletionRequest> turned = {ask(kLong), ask("Name a fruit.")};
  const auto replies = session->complete_all(turned, nullptr, nullptr).value();
  EXPECT_LT(replies[0].cached_tokens + 10, replies[0].prompt_tokens);
}

}  // namespace
}  // namespace banchu
