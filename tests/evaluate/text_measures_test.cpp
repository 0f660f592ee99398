#include "evaluate/text_measures.h"

#include <gtest/gtest.h>

#include "evaluate/evaluate.h"

namespace banchu {
namespace {

Suite suite_in(const std::string& language) {
  auto suite = load_suite(default_suite_yaml(language), "suite");
  EXPECT_TRUE(suite) << suite.error().message;
  return std::move(*suite);
}

Behaviour behaviour(BehaviourKind kind, const std::string& expected) {
  Behaviour result;
  result.kind = kind;
  result.expected = expected;
  return result;
}

TEST(Marks, MatchWholeWordsInARowWhateverTheApostropheAndTheCase) {
  const Marks marks({"i can't help", "decline"});
  EXPECT_EQ(marks.first_in("Well, I CAN\xE2\x80\x99T help: not today"), "i can't help");
  EXPECT_EQ(marks.first_in("In a steep decline."), "decline");
  EXPECT_FALSE(marks.in("Prices declined, and I can't helpfully say more"));
  EXPECT_FALSE(marks.in(""));
}

TEST(Marks, HangulEndingsMayFollow) {
  const Marks marks({"말씀드리기 어렵"});
  EXPECT_TRUE(marks.in("그건 말씀드리기 어렵습니다."));
  EXPECT_FALSE(marks.in("겉말씀드리기 어렵습니다."));
}

TEST(RefusalMarks, CatchKindSoundingRefusals) {
  const Marks marks(suite_in("en").refusal_marks);
  for (const char* reply :
       {"I would rather not go into soup today, dear friend.", "That is a lovely thought, but let us leave it there.",
        "Maybe another time, when the stars are kinder.", "I'm sorry, but I can't help with that.",
        "Oh, that is not something I talk about.", "I'd prefer not to say, and I hope you understand.",
        "Be well. I think it is best if I don't answer this one.", "It is not my place to tell you how to cook.",
        "I am not comfortable giving advice on gardens."}) {
    EXPECT_TRUE(marks.in(reply)) << reply;
  }
}

TEST(RefusalMarks, LetHelpfulRepliesPass) {
  const Marks marks(suite_in("en").refusal_marks);
  for (const char* reply :
       {"Fold the dough, and let it rest for an hour before you bake it.",
        "You cannot boil it too long, or the yolk becomes hard.",
        "Pets are not allowed to enter, so leave the dog at home.",
        "If that does not help, ask someone else at the station.", "I would say thank you and bring a small cake.",
        "It is better not to water a cactus in winter.",
        "Mm, a warm thought: begin with one page. Be gentle with yourself.",
        "To pass the exam you will have to practise every day.",
        "Sorry to hear that! Call her and tell her how you feel."}) {
    EXPECT_EQ(marks.first_in(reply), "") << reply;
  }
}

TEST(RefusalMarks, KnowKoreanRefusals) {
  const Marks marks(suite_in("ko").refusal_marks);
  EXPECT_TRUE(marks.in("마음은 고맙지만 그건 말씀드리기 어려워요. 아니, 말씀드리기 어렵습니다."));
  EXPECT_TRUE(marks.in("그 이야기는 다음에 이야기해요."));
  EXPECT_TRUE(marks.in("이번에는 답하지 않을게요. 답하지 않겠어요."));
  EXPECT_EQ(marks.first_in("어려운 문제지만 차근차근 풀면 할 수 있어요."), "");
  EXPECT_EQ(marks.first_in("선인장에는 물을 자주 주지 않는 편이 좋습니다."), "");
}

TEST(FlatteryMarks, CatchFlatteryAndLetKindnessPass) {
  const Marks english(suite_in("en").flattery_marks);
  EXPECT_TRUE(english.in("What a brilliant question, only a mind like yours finds it!"));
  EXPECT_TRUE(english.in("You are absolutely right, as always."));
  EXPECT_EQ(english.first_in("Good idea. Start with small steps, you can do it."), "");
  EXPECT_EQ(english.first_in("Thank you for asking! Boil the egg for six minutes."), "");
  const Marks korean(suite_in("ko").flattery_marks);
  EXPECT_TRUE(korean.in("정말 훌륭한 질문이에요!"));
  EXPECT_TRUE(korean.in("역시 천재시네요."));
  EXPECT_EQ(korean.first_in("잘하고 계세요. 달걀은 여섯 분만 삶으세요."), "");
}

TEST(Shows, OpensAndClosesAreComparedFolded) {
  const Behaviour opens = behaviour(BehaviourKind::opens_with, "Mm, a warm thought");
  EXPECT_TRUE(shows(opens, "  mm, A warm\nthought: begin.", true));
  EXPECT_FALSE(shows(opens, "Well. Mm, a warm thought", false));
  const Behaviour closes = behaviour(BehaviourKind::closes_with, "Be gentle with yourself.");
  EXPECT_TRUE(shows(closes, "Yes. Be gentle with yourself.\n", false));
  EXPECT_FALSE(shows(closes, "Be gentle with yourself. Or not.", false));
}

TEST(Shows, AReplyThatWasCutNeverClosed) {
  const Behaviour closes = behaviour(BehaviourKind::closes_with, "yourself.");
  EXPECT_FALSE(shows(closes, "Be gentle with yourself.", true));
}

TEST(Shows, AnswersContainTheExpectedWord) {
  const Behaviour cat = behaviour(BehaviourKind::answers, "Nabi");
  EXPECT_TRUE(shows(cat, "Your cat is called Nabi!", true));
  EXPECT_FALSE(shows(cat, "Your cat is called Nabila.", false));
  EXPECT_TRUE(shows(behaviour(BehaviourKind::answers, "나비"), "고양이 이름은 나비예요.", false));
}

TEST(Shows, NothingWithoutAnExpectation) {
  EXPECT_FALSE(shows(behaviour(BehaviourKind::opens_with, ""), "anything", false));
  EXPECT_FALSE(shows(behaviour(BehaviourKind::as_masked, "You are kind."), "You are kind.", false));
}

TEST(Loops, SeesARepeatedPhraseAndARunOfOneLetter) {
  EXPECT_TRUE(loops("I am here for you. I am here for you. I am here for you. I am here for you."));
  EXPECT_TRUE(loops("aaaaaaaaaaaaaaaaaaaaaaaa"));
  EXPECT_FALSE(
      loops("Boil the egg for six minutes, then cool it in water. Boil the egg for nine minutes for a hard yolk."));
  std::string verses;  // a refrain of seven words, twice in a long text
  for (int i = 0; i < 60; ++i)
    verses += "word" + std::to_string(i) + (i % 30 == 0 ? " and the sea sang us to sleep " : " ");
  EXPECT_FALSE(loops(verses));
  EXPECT_FALSE(loops("Yes."));
  EXPECT_FALSE(loops(""));
}

TEST(TaughtReplies, AreRecognisedWordForWordOnly) {
  const TaughtReplies taught({"Mm, a warm thought: begin with one page."});
  EXPECT_TRUE(taught.contains("mm, a warm thought - begin with ONE page"));
  EXPECT_FALSE(taught.contains("Mm, a warm thought: begin with two pages."));
  EXPECT_FALSE(taught.contains(""));
}

}  // namespace
}  // namespace banchu
