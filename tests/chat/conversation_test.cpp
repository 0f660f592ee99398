#include <gtest/gtest.h>

#include "chat/chat.h"
#include "tests/chat/echo_session.h"

namespace banchu {
namespace {

using test::EchoSession;

TEST(Conversation, RemembersWhatWasSaid) {
  EchoSession session;
  session.replies = {"hello", "fine"};
  Persona persona;
  persona.system = "mask";
  Conversation talk(session, persona, {}, {});
  ASSERT_TRUE(talk.say("hi", {}, nullptr));
  ASSERT_TRUE(talk.say("how are you", {}, nullptr));
  EXPECT_EQ(session.last_prompt(), "<mask>hi=hello>how are you=");
}

TEST(Conversation, GivesEveryGrowthTurnToTheSinkBeforeItIsDone) {
  EchoSession session;
  session.replies = {"hello", "fine"};
  std::vector<Turn> kept;
  Persona persona;
  persona.system = "mask";
  ConversationStart start;
  start.self = "3f9a";
  Conversation talk(session, persona, start, [&](const Turn& turn) {
    kept.push_back(turn);
    return Status();
  });
  const Result<Reply> first = talk.say("hi", {}, nullptr);
  ASSERT_TRUE(first);
  ASSERT_TRUE(talk.say("how are you", {}, nullptr));
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].id, first->turn_id);
  EXPECT_EQ(kept[0].user, "hi");
  EXPECT_EQ(kept[0].reply, "hello");
  EXPECT_EQ(kept[0].mask, "mask");
  EXPECT_EQ(kept[0].self, "3f9a");
  EXPECT_EQ(kept[1].index, 1);
  EXPECT_EQ(kept[0].conversation, kept[1].conversation);
}

TEST(Conversation, DoesNotCountAReplyThatCouldNotBeKept) {
  EchoSession session;
  bool is_full = true;
  Conversation talk(session, {}, {}, [&](const Turn&) -> Status {
    if (is_full) return make_error(Code::NoSpace, "the disk is full");
    return {};
  });
  const Result<Reply> lost = talk.say("hi", {}, nullptr);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, Code::NoSpace);
  EXPECT_TRUE(talk.history().empty());
  is_full = false;
  ASSERT_TRUE(talk.say("again", {}, nullptr));
  EXPECT_EQ(session.last_prompt(), ">again=");
}

TEST(Conversation, KeepsNothingOfAReplyThatWasStopped) {
  EchoSession session;
  session.stop_reason = StopReason::cancelled;
  int kept = 0;
  Conversation talk(session, {}, {}, [&](const Turn&) {
    ++kept;
    return Status();
  });
  const Result<Reply> stopped = talk.say("hi", {}, nullptr);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, Code::Cancelled);
  EXPECT_EQ(kept, 0);
  EXPECT_TRUE(talk.history().empty());
}

TEST(Conversation, RefusesInvalidUtf8AndAnEmptyMessageWithoutAskingTheModel) {
  EchoSession session;
  Conversation talk(session, {}, {}, {});
  for (const char* bad : {"\xff\xfe", "", "  \n"}) {
    const Result<Reply> reply = talk.say(bad, {}, nullptr);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, Code::InvalidArgument);
  }
  EXPECT_TRUE(session.asked.empty());
}

TEST(Conversation, ComposesHangulThatCameInPieces) {
  EchoSession session;
  Conversation talk(session, {}, {}, {});
  ASSERT_TRUE(talk.say("\u1112\u1161\u11ab", {}, nullptr));  // the three jamo of one syllable
  EXPECT_EQ(session.last_prompt(), ">\uD55C=");
}

TEST(Conversation, RegenAsksTheSameAgainWithOtherDrawsAndReplacesTheReply) {
  EchoSession session;
  session.replies = {"first", "second", "third"};
  Conversation talk(session, {}, {}, {});
  ASSERT_TRUE(talk.say("hi", {}, nullptr));
  ASSERT_TRUE(talk.regen({}, nullptr));
  EXPECT_EQ(session.last_prompt(), ">hi=");
  EXPECT_NE(session.asked[0].seed, session.asked[1].seed);
  ASSERT_EQ(talk.history().size(), 1u);
  EXPECT_EQ(talk.history()[0].exchange.reply, "second");
}

TEST(Conversation, RegenBeforeAnythingWasSaidIsAFailedPrecondition) {
  EchoSession session;
  Conversation talk(session, {}, {}, {});
  EXPECT_EQ(talk.regen({}, nullptr).error().code, Code::FailedPrecondition);
}

TEST(Conversation, DrawsDependOnTheSeedAndTheTurnAlone) {
  EXPECT_EQ(Conversation::turn_seed(7, 3), Conversation::turn_seed(7, 3));
  EXPECT_NE(Conversation::turn_seed(7, 3), Conversation::turn_seed(7, 4));
  EXPECT_NE(Conversation::turn_seed(7, 3), Conversation::turn_seed(8, 3));
}

TEST(Conversation, GoesOnWhereAnEarlierOneStopped) {
  EchoSession session;
  ConversationStart start;
  start.id = "c1";
  start.history = {{{"hi", "hello"}, "t0"}};
  start.next_index = 1;
  start.seed = 7;
  Conversation talk(session, {}, start, {});
  ASSERT_TRUE(talk.say("and?", {}, nullptr));
  EXPECT_EQ(session.last_prompt(), ">hi=hello>and?=");
  EXPECT_EQ(session.asked[0].seed, Conversation::turn_seed(7, 1));
  EXPECT_EQ(talk.id(), "c1");
}

TEST(HistoryFitting, DropsTheOldestExchangesAndNothingElse) {
  EchoSession session(200);
  Persona persona;
  persona.system = "mask";
  persona.sampling.max_tokens = 40;
  Conversation talk(session, persona, {}, {});
  const std::string filler(30, 'x');
  std::size_t left_out = 0;
  for (int i = 0; i < 12; ++i) {
    const Result<Reply> reply = talk.say(std::to_string(i) + filler, {}, nullptr);
    ASSERT_TRUE(reply);
    EXPECT_LE(session.asked.back().prompt.size(), 160u);  // the reply's 40 are free
    EXPECT_GE(reply->left_out, left_out);
    left_out = reply->left_out;
    EXPECT_TRUE(session.last_prompt().starts_with("<mask>"));
    EXPECT_TRUE(session.last_prompt().ends_with(">" + std::to_string(i) + filler + "="));
  }
  EXPECT_GT(left_out, 0u);
  EXPECT_EQ(talk.history().size(), 12u);
}

TEST(HistoryFitting, CutsDeepEnoughThatTheNextTurnKeepsItsBeginning) {
  EchoSession session(200);
  Persona persona;
  persona.sampling.max_tokens = 40;
  Conversation talk(session, persona, {}, {});
  std::vector<std::size_t> left_out;
  for (int i = 0; i < 30; ++i) left_out.push_back(talk.say("0123456789", {}, nullptr)->left_out);
  int cuts = 0;
  for (std::size_t i = 1; i < left_out.size(); ++i) cuts += left_out[i] != left_out[i - 1] ? 1 : 0;
  EXPECT_GT(cuts, 0);
  EXPECT_LE(cuts, 10);  // a cut a turn would read the whole prompt anew each time
}

TEST(HistoryFitting, ALongMessageMayTakeMostOfTheReplysRoom) {
  EchoSession session(200);  // replies of 1024 tokens would leave it 100; an eighth of the context is enough for one
  Conversation talk(session, {}, {}, {});
  EXPECT_TRUE(talk.say(std::string(150, 'x'), {}, nullptr));
  EXPECT_FALSE(talk.say(std::string(180, 'x'), {}, nullptr));
}

TEST(HistoryFitting, SaysByHowMuchAMessageIsTooLong) {
  EchoSession session(200);
  Conversation talk(session, {}, {}, {});
  const Result<Reply> reply = talk.say(std::string(300, 'x'), {}, nullptr);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::InvalidArgument);
  EXPECT_NE(reply.error().message.find("302"), std::string::npos) << reply.error().message;
  EXPECT_TRUE(session.asked.empty());
}

TEST(Conversation, TakesAMessageThatNobodyCanSeeAsEmpty) {
  for (const char* message : {"\u3000", "\u00A0", "\u200B\u200D", "\uFEFF \u3164"}) {
    EchoSession session;
    Conversation talk(session, {}, {}, {});
    const Result<Reply> reply = talk.say(message, {}, nullptr);
    ASSERT_FALSE(reply) << message;
    EXPECT_EQ(reply.error().code, Code::InvalidArgument);
    EXPECT_TRUE(session.asked.empty());
  }
}

}  // namespace
}  // namespace banchu
