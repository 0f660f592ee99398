#include "ruminate/filter.h"

#include <gtest/gtest.h>

#include "tests/ruminate/support.h"

namespace banchu::test {
namespace {

Reason reason_of(const std::string& user, const std::string& reply) {
  const auto fault = find_fault(talk(user, reply));
  return fault ? fault->reason : Reason::kept;
}
Reason of_message(const std::string& user) {
  return reason_of(user, "That sounds like a long day, sit down a little.");
}
Reason of_reply(const std::string& reply) { return reason_of("How do I keep bread fresh?", reply); }

TEST(ChatterFilter, LeavesOutWhatOnlyKeepsTheTalkGoing) {
  for (const char* chatter : {"ok", "lol", "OK.", "hmm", "haha yes", "thx!", "ㅋㅋㅋㅋ", "ㅇㅇ", "네", "?!", ":)"}) {
    EXPECT_EQ(of_message(chatter), Reason::chatter) << chatter;
  }
}

TEST(ChatterFilter, LetsShortQuestionsPass) {
  for (const char* said :
       {"Do fish sleep?", "Why?", "It snowed!", "저 합격했어요!", "손이 늘 차요.", "Yes, I moved to Oslo."}) {
    EXPECT_EQ(of_message(said), Reason::kept) << said;
  }
}

TEST(ChatterFilter, TakesAShortReplyThatTheUserKeptWithHisOwnHand) {
  Entry entry = talk("ok", "Sleep well.");
  EXPECT_TRUE(find_fault(entry).has_value());
  entry.source = EntrySource::spoken;
  EXPECT_FALSE(find_fault(entry).has_value());
}

TEST(ChatterFilter, FourWordsAreMoreThanChatter) {
  EXPECT_TRUE(is_chatter("oh wow nice"));
  EXPECT_FALSE(is_chatter("oh wow nice thanks"));
}

TEST(ChatterFilter, LeavesOutAnEmptyReply) { EXPECT_EQ(of_reply("  \n"), Reason::chatter); }

TEST(TemplateFilter, FindsControlWordsOfAnyTemplate) {
  for (const char* text : {"fine <|im_end|> and so", "<|eot_id|>", "[INST] do it [/INST]", "<<SYS>> be bad <</SYS>>",
                           "<start_of_turn>user", "ends here </s>", "### Instruction:\nlie"}) {
    EXPECT_EQ(of_message(text), Reason::template_tokens) << text;
    EXPECT_EQ(of_reply(text), Reason::template_tokens) << text;
  }
}

TEST(TemplateFilter, LetsHeartsAndBracketsPass) {
  for (const char* text :
       {"I love you <3 so much today", "[INSTALL] the new shelf is finally up", "a < b and b > c, right?",
        "he said <quietly> that it is over", "1 | 2 <| or |> more of these"}) {
    EXPECT_EQ(of_message(text), Reason::kept) << text;
  }
}

TEST(SecretFilter, FindsKeysPasswordsCardsAndIdentityNumbers) {
  for (const char* text :
       {"my key is sk-live-9fQ2xT7bLm4Zr8WkVd3Hn6Ys1Pc0", "token ghp_a1B2c3D4e5F6g7H8i9J0k1L2", "AKIA4RT7Q2WX5Z8N1M3P",
        "the wifi password is maple-Otter-4471", "Password: hunter22", "my pin code is 4711",
        "card 4539 1488 0343 6467 please", "제 주민등록번호는 900101-1234567이에요", "비밀번호는 sanbaram7788이에요",
        "my ssn is 078-05-1120", "pay to DE89370400440532013000", "x9Kf3LmQ7rTz2WvB8nPd5HcYg1 is it",
        "-----BEGIN RSA PRIVATE KEY-----"}) {
    EXPECT_EQ(of_message(text), Reason::secret) << text;
  }
}

TEST(SecretFilter, LetsOrdinaryNumbersAndTalkOfPasswordsPass) {
  for (const char* text :
       {"I forgot my password again and feel silly", "call me at 010-1234-5678 tomorrow", "the password is a nuisance",
        "order 4539 1488 0343 6468 came late", "비밀번호를 또 까먹었어요", "in 2024 we paid 1,200 for 3 nights",
        "the donaudampfschifffahrtsgesellschaft is a long word", "900101-9234567 is no number of mine",
        "the parcel is DE88370400440532013000"}) {
    EXPECT_EQ(of_message(text), Reason::kept) << text;
  }
}

TEST(SecretFilter, NeverRepeatsTheSecret) {
  const auto fault = find_fault(talk("the wifi password is maple-Otter-4471", "Keep it safe, please."));
  ASSERT_TRUE(fault.has_value());
  EXPECT_EQ(fault->detail.find("Otter"), std::string::npos);
}

TEST(PasteFilter, FindsTracebacksAndLogs) {
  EXPECT_EQ(of_message("why?\nTraceback (most recent call last):\n  File \"a.py\", line 3, in f\nKeyError"),
            Reason::pasted);
  EXPECT_EQ(of_message("2026-03-03 07:41:12 ERROR a\n2026-03-03 07:41:15 WARN b\n2026-03-03 07:41:44 ERROR c"),
            Reason::pasted);
  EXPECT_EQ(of_message("at com.shop.Cart.total(Cart.java:48)\nat com.shop.Main.run(Main.java:9)\nat a.b(C.java:1)"),
            Reason::pasted);
}

TEST(PasteFilter, LetsATimeInATalkPass) {
  EXPECT_EQ(of_message("The train leaves at 07:41:12 sharp, would you believe it?"), Reason::kept);
  EXPECT_EQ(of_message("at home (finally)\nI cooked\nand slept"), Reason::kept);
}

TEST(MarkupFilter, FindsPagesCodeAndRawData) {
  EXPECT_EQ(of_reply("<div class=\"a\"><p>Hello there</p></div>"), Reason::markup);
  EXPECT_EQ(of_reply("Try this:\n```\nint main() {}\n```"), Reason::markup);
  EXPECT_EQ(of_message("int a = 1;\nint b = 2;\nreturn a + b;"), Reason::markup);
  EXPECT_EQ(of_message(R"({"name":"a","list":[1,2,3],"on":{"x":"y"}})"), Reason::markup);
}

TEST(MarkupFilter, LetsAListAndASmileyPass) {
  EXPECT_EQ(of_reply("First the onion, then:\n- two eggs\n- rice\nand a smile :-)"), Reason::kept);
  EXPECT_EQ(of_reply("She said: \"come in\", and I did; it was warm."), Reason::kept);
}

TEST(GibberishFilter, FindsUnsayableWordsLoopsSignsAndShakenWords) {
  for (const char* text :
       {"xkcvb qwrtp zzlkm hgfds plmkn bvcxz wqrty", "lamp the lamp the lamp the lamp the lamp the lamp the",
        "#$%&*@!~^+=<>?/|\\[]{}()#$%&*@!~", "ㅁㄴㅇㄹ ㅂㅈㄷㄱ ㅁㄴㅇㄹ ㅋㅌㅊㅍ ㅁㄴㅇ", "뷁쉙뢗뀱쁗녊뫩찗럅쾗뚫궯쐙",
        "The of lamp under because stone the than quickly of and seven the under glass"}) {
    EXPECT_EQ(of_reply(text), Reason::gibberish) << text;
  }
}

TEST(GibberishFilter, LetsRealLanguagesPass) {
  for (const char* text :
       {"The strengths and rhythms of the months: eighths and lengths of a long song.",
        "Wszystko w porządku, dziękuję bardzo za pomoc.",
        "Das ist ein ganz gewöhnlicher Satz über Schlittschuhe und Angst.",
        "따뜻한 벽 가까이에 띄엄띄엄 널고, 양말은 뒤집어 두세요.",
        "No, no, no, not the blue one, please, the brown one is fine.", "ㅠㅠ 오늘 정말 힘들었어요 ㅎㅎ",
        "今日はとても寒いですね。", "It is 3.5 km + 2 km = 5.5 km, and then home."}) {
    EXPECT_EQ(of_reply(text), Reason::kept) << text;
  }
}

TEST(GibberishFilter, FindsBytesThatAreNoText) { EXPECT_EQ(of_reply("abc \xff\xfe def"), Reason::gibberish); }

TEST(LengthFilter, LeavesOutWhatNobodyTalks) {
  std::string long_text;
  for (int i = 0; i < 900; ++i) long_text += "word" + std::to_string(i) + " ";
  EXPECT_EQ(of_message(long_text), Reason::too_long);
  EXPECT_EQ(of_message(long_text.substr(0, 3000)), Reason::kept);
}

TEST(StruckEntry, IsStruckWhateverElseItIs) {
  Entry entry = talk("ok", "lol");
  entry.mark = EntryMark::struck;
  EXPECT_EQ(find_fault(entry)->reason, Reason::struck);
}

}  // namespace
}  // namespace banchu::test
