#include "ruminate/claim.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace banchu {
namespace {

std::string text_of(const char* message) {
  std::string text;
  for (const Claim& claim : claims_of(message)) text += (text.empty() ? "" : " | ") + claim.text;
  return text;
}

TEST(EnglishClaims, UnderstandWhatTheUserSaysOfHimself) {
  EXPECT_EQ(text_of("Good evening! My name is Jonas, and it was a long day."), "your name is Jonas");
  EXPECT_EQ(text_of("I live in Tartu, and the river froze over."), "you live in Tartu");
  EXPECT_EQ(text_of("My dog is called Pippin and he refuses to walk."), "your dog is called Pippin");
  EXPECT_EQ(text_of("by the way, my cat is called Nabi, not Miso, that was the old name"), "your cat is called Nabi");
  EXPECT_EQ(text_of("my little sister's name is Ann Marie."), "your little sister is called Ann Marie");
  EXPECT_EQ(text_of("I have a parrot named Otto."), "your parrot is called Otto");
  EXPECT_EQ(text_of("I like mushroom soup, so maybe that."), "you like mushroom soup");
  EXPECT_EQ(text_of("I don\u2019t like liver."), "you do not like liver");
  EXPECT_EQ(text_of("I am allergic to walnuts, by the way."), "you are allergic to walnuts");
  EXPECT_EQ(text_of("Remember this: my birthday is on March 9."), "your birthday is on March 9");
  EXPECT_EQ(text_of("I work as a nurse. My favourite colour is green."),
            "you work as a nurse | your favourite colour is green");
}

TEST(EnglishClaims, HearNoneInQuestionsSuppositionsAndOtherPeoplesTalk) {
  for (const char* message :
       {"Is my cat called Nabi?", "What if I live in a cave", "She said I like liver", "I'd like a cup of tea.",
        "I like it.", "I like how you say that.", "my name is not important", "Do you think I love rain?",
        "The cat is called Nabi", "I would like to live in Rome", "I love you", "my day is over", "I live here"}) {
    EXPECT_EQ(text_of(message), "") << message;
  }
}

TEST(KoreanClaims, UnderstandWhatTheUserSaysOfHimself) {
  EXPECT_EQ(text_of("제 이름은 지훈이에요."), "제 이름은 지훈이에요");
  EXPECT_EQ(text_of("저는 지훈이라고 해요."), "제 이름은 지훈이에요");
  EXPECT_EQ(text_of("저는 부산에 살아요."), "저는 부산에 살아요");
  EXPECT_EQ(text_of("참, 우리 고양이 이름은 나비예요. 미소는 보호소에서 부르던 이름이고요."),
            "우리 고양이 이름은 나비예요");
  EXPECT_EQ(text_of("저는 국수를 좋아해요."), "저는 국수를 좋아해요");
  EXPECT_EQ(text_of("저는 생강을 싫어해요."), "저는 생강을 싫어해요");
  EXPECT_EQ(text_of("저는 땅콩 알레르기가 있어요."), "저는 땅콩 알레르기가 있어요");
  EXPECT_EQ(text_of("제 생일은 3월 9일이에요."), "제 생일은 3월 9일이에요");
  EXPECT_EQ(text_of("저는 도서관에서 일해요."), "저는 도서관에서 일해요");
  EXPECT_EQ(text_of("제가 제일 좋아하는 계절은 가을이에요."), "제가 제일 좋아하는 계절은 가을이에요");
}

TEST(KoreanClaims, HearNoneInQuestionsAndSuppositions) {
  for (const char* message : {"제 이름이 뭐예요?", "제가 부산에 산다면 좋겠어요.", "그거 좋아해요?",
                              "우리 고양이가 예뻐요.", "언니가 국수를 먹어요.", "저는 그것을 좋아해요."}) {
    EXPECT_EQ(text_of(message), "") << message;
  }
}

TEST(Claims, HaveTwelveQuestionsWhoseAnswersHoldWhatIsExpected) {
  for (const char* message :
       {"My name is Jonas.", "I live in Tartu.", "My dog is called Pippin.", "I like rain.", "I hate rain.",
        "I am allergic to nuts.", "My birthday is on March 9.", "I work as a baker.", "My favourite tea is mint.",
        "제 이름은 지훈이에요.", "우리 강아지 이름은 콩이예요.", "저는 부산에 살아요.", "저는 국수를 좋아해요.",
        "제 생일은 3월 9일이에요.", "저는 땅콩 알레르기가 있어요.", "저는 도서관에서 일해요.",
        "제가 제일 좋아하는 차는 녹차예요."}) {
    const std::vector<Claim> claims = claims_of(message);
    ASSERT_EQ(claims.size(), 1u) << message;
    EXPECT_EQ(claims[0].questions.size(), 12u) << message;
    for (const std::string& question : claims[0].questions) {
      EXPECT_EQ(fold(question).find(fold(claims[0].expected)), std::string::npos)
          << question << " gives the answer away";
      EXPECT_EQ(question.find('{'), std::string::npos) << question;
    }
    for (const std::string& answer : claims[0].answers) {
      EXPECT_NE(fold(answer).find(fold(claims[0].expected)), std::string::npos) << answer;
    }
  }
}

TEST(Claims, KeepTheirSlotAsAMemory) {
  for (const char* message : {"My name is Jonas.", "My dog is called Pippin.", "I hate rain.", "I am allergic to nuts.",
                              "I work at the mill.", "My favourite tea is mint.", "우리 강아지 이름은 콩이예요.",
                              "저는 부산에 살아요.", "저는 국수를 싫어해요."}) {
    const std::vector<Claim> claims = claims_of(message);
    ASSERT_EQ(claims.size(), 1u) << message;
    const Memory memory = memory_of(claims[0], 0);
    EXPECT_EQ(slot_of(memory), claims[0].slot) << message;
    EXPECT_FALSE(neighbours_of(memory).empty()) << message;
  }
}

TEST(Claims, AboutTheSameThingShareASlotAndAboutOthersDoNot) {
  const auto slot = [](const char* message) { return claims_of(message).at(0).slot; };
  EXPECT_EQ(slot("My cat is called Miso."), slot("my cat's name is Nabi"));
  EXPECT_NE(slot("My cat is called Miso."), slot("My dog is called Miso."));
  EXPECT_EQ(slot("I like rain."), slot("I don't like rain."));
  EXPECT_NE(slot("I like rain."), slot("I like snow."));
  EXPECT_EQ(slot("우리 고양이 이름은 미소예요."), slot("제 고양이 이름은 나비예요."));
}

TEST(Gladness, IsHeardInBothLanguages) {
  EXPECT_TRUE(answers_gladly("Thank you, that was a good talk."));
  EXPECT_TRUE(answers_gladly("고마워요, 덕분에 풀렸어요."));
  EXPECT_FALSE(answers_gladly("No thanks to you."));
}

}  // namespace
}  // namespace banchu
