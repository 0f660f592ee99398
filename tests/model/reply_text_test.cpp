#include "model/reply_text.h"

#include <gtest/gtest.h>

namespace banchu {
namespace {

TEST(ReplyText, HoldsBackWhatCouldBeginAStopSequence) {
  std::string sent;
  ReplyText text({"지훈:", "STOP"}, [&](std::string_view t) { sent += t; });
  for (const char* piece : {"Hello S", "TO", "re. 지", "훈"}) {
    text.push(piece);
    EXPECT_FALSE(text.find_stop());
    text.flush(std::string::npos);
  }
  EXPECT_EQ(sent, "Hello STOre. ");
  text.push(": hi");
  ASSERT_TRUE(text.find_stop());
  EXPECT_EQ(text.finish(*text.find_stop()), "Hello STOre. ");
  EXPECT_EQ(sent, "Hello STOre. ");
}

TEST(ReplyText, CutsBeforeTheStopSequenceThatBeginsFirst) {
  ReplyText text({"b", "ab"}, nullptr);
  text.push("xxabyy");
  EXPECT_EQ(text.find_stop(), 2u);
}

TEST(ReplyText, FindsAStopSequenceThatArrivesByteByByte) {
  ReplyText text({"\n\nUser:"}, nullptr);
  for (const char c : std::string("Hi\n\nUser")) {
    text.push(std::string(1, c));
    EXPECT_FALSE(text.find_stop());
  }
  text.push(":");
  EXPECT_EQ(text.find_stop(), 2u);
}

TEST(ReplyText, NeverSendsHalfACharacter) {
  std::string sent;
  ReplyText text({}, [&](std::string_view t) { sent += t; });
  text.push("a\xEC\xA3");
  text.flush(std::string::npos);
  EXPECT_EQ(sent, "a");
  text.push("\x84");
  text.flush(std::string::npos);
  EXPECT_EQ(sent, "a죄");
  text.push("\xEC");
  EXPECT_EQ(text.finish(std::string::npos), "a죄");
}

TEST(ReplyText, ReplacesBytesThatAreNoCharacter) {
  ReplyText text({}, nullptr);
  text.push("a\xff\x84 b");
  text.flush(std::string::npos);
  EXPECT_EQ(text.finish(std::string::npos), "a\xEF\xBF\xBD\xEF\xBF\xBD b");
}

TEST(ReplyText, TakesBackTokensThatWereHeld) {
  std::string sent;
  ReplyText text({}, [&](std::string_view t) { sent += t; });
  text.push("one");
  text.push(" two");
  text.push(" three");
  text.flush(text.token_begin(1));
  text.truncate(1);
  text.push(" four");
  EXPECT_EQ(text.finish(std::string::npos), "one four");
  EXPECT_EQ(sent, "one four");
}

}  // namespace
}  // namespace banchu
