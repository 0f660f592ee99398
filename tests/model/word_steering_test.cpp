// Word bias on scripted vocabularies and logits: no model, every token and every probability is written here.
#include "model/word_steering.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "base/rng.h"
#include "model/reply_text.h"

namespace banchu {
namespace {

class ScriptedVocabulary final : public Tokenizer {
 public:
  explicit ScriptedVocabulary(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  std::vector<Token> encode(std::string_view) const override { return {}; }
  std::string decode(std::span<const Token>) const override { return ""; }
  const std::string& piece(Token token) const override { return pieces_[static_cast<std::size_t>(token)]; }
  bool ends_generation(Token token) const override { return pieces_[static_cast<std::size_t>(token)].empty(); }
  std::size_t vocabulary_size() const override { return pieces_.size(); }
  Token id(const std::string& piece) const {
    const auto found = std::find(pieces_.begin(), pieces_.end(), piece);
    EXPECT_NE(found, pieces_.end()) << piece;
    return static_cast<Token>(found - pieces_.begin());
  }

 private:
  std::vector<std::string> pieces_;  // "" is the end of the turn
};

using Weights = std::map<std::string, double>;  // by piece; what is not named cannot come
using Script = std::function<Weights(const std::string& text)>;

// Draws replies from a script as ReplyInProgress does from a model.
class ScriptedSpeaker {
 public:
  ScriptedSpeaker(std::vector<std::string> pieces, Script script)
      : vocabulary_(std::move(pieces)), script_(std::move(script)) {}

  std::string say(const std::vector<WordBias>& words, std::uint64_t seed, std::size_t max_tokens = 40) {
    WordTables tables(vocabulary_);
    WordSteering steering(tables, words);
    ReplyText text({}, nullptr);
    Rng rng(seed);
    std::vector<Token> tokens;
    while (tokens.size() < max_tokens) {
      std::vector<float> logits = row(text.raw());
      if (const auto begin = steering.apply(logits)) {
        const std::size_t keep = text.token_at(*begin);
        steering.forbid_here(keep, tokens[keep]);
        tokens.resize(keep);
        text.truncate(keep);
        ++rewinds;
        continue;
      }
      const Token token = draw(logits, rng);
      if (token < 0 || vocabulary_.ends_generation(token)) break;
      steering.accept(token);
      text.push(vocabulary_.piece(token));
      tokens.push_back(token);
      const auto hold = steering.undecided_from();
      text.flush(hold ? text.token_begin(text.token_at(*hold)) : std::string::npos);
    }
    std::size_t end = text.raw().size();
    while (const auto begin = steering.banned_at_end(std::string_view(text.raw()).substr(0, end))) {
      end = text.token_begin(text.token_at(*begin));
    }
    return text.finish(end);
  }

  // The next row after the words have changed it, as probabilities by piece.
  Weights probabilities(const std::vector<std::string>& said, const std::vector<WordBias>& words) {
    WordTables tables(vocabulary_);
    WordSteering steering(tables, words);
    std::string text;
    for (const std::string& piece : said) {
      steering.accept(vocabulary_.id(piece));
      text += piece;
    }
    std::vector<float> logits = row(text);
    EXPECT_FALSE(steering.apply(logits).has_value());
    Weights result;
    double all = 0;
    for (const float logit : logits) all += std::exp(static_cast<double>(logit));
    for (std::size_t i = 0; i < logits.size(); ++i) {
      result[vocabulary_.piece(static_cast<Token>(i))] = std::exp(static_cast<double>(logits[i])) / all;
    }
    return result;
  }

  int rewinds = 0;

 private:
  std::vector<float> row(const std::string& text) {
    std::vector<float> logits(vocabulary_.vocabulary_size(), -INFINITY);
    for (const auto& [piece, weight] : script_(text)) {
      logits[static_cast<std::size_t>(vocabulary_.id(piece))] = static_cast<float>(std::log(weight));
    }
    return logits;
  }
  static Token draw(const std::vector<float>& logits, Rng& rng) {
    double all = 0;
    for (const float logit : logits) all += std::exp(static_cast<double>(logit));
    double point = rng.uniform() * all;
    for (std::size_t i = 0; i < logits.size(); ++i) {
      point -= std::exp(static_cast<double>(logits[i]));
      if (point < 0) return static_cast<Token>(i);
    }
    return -1;
  }

  ScriptedVocabulary vocabulary_;
  Script script_;
};

bool ends(const std::string& text, const std::string& with) { return text.ends_with(with); }

// "sorry" is two tokens; "sort" and "sorrow" share them; the model loves the banned word.
ScriptedSpeaker english() {
  return ScriptedSpeaker({"", "I am", " s", "or", "ry", "t", "row", " glad", ".", "some", " Sorry", "!"},
                         [](const std::string& text) -> Weights {
                           if (text.empty()) return {{"I am", 1}};
                           if (ends(text, "I am")) return {{" s", 0.8}, {" glad", 0.1}, {" Sorry", 0.1}};
                           if (ends(text, " s")) return {{"or", 1}};
                           if (ends(text, " sor")) return {{"ry", 0.7}, {"row", 0.15}, {"t", 0.15}};
                           if (ends(text, "orry")) return {{".", 0.9}, {"!", 0.06}, {"some", 0.02}, {"", 0.02}};
                           if (ends(text, ".") || ends(text, "!")) return {{"", 0.6}, {"I am", 0.4}};
                           return {{".", 1}};
                         });
}

TEST(WordBan, KeepsAnEnglishWordOfSeveralTokensOutOf200RepliesAndItsNeighboursIn) {
  auto speaker = english();
  int unbanned = 0;
  std::map<std::string, int> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    unbanned += speaker.say({}, seed).find("sorry") != std::string::npos ? 1 : 0;
    const std::string text = speaker.say({{"sorry", -100}}, seed);
    const WordMatcher matcher("sorry");
    MatchState state;
    EXPECT_EQ(matcher.feed(state, text).found, 0) << text;
    EXPECT_FALSE(matcher.at_end(state)) << text;
    for (const char* word : {" sort", " sorrow", " glad"}) seen[word] += text.find(word) != std::string::npos ? 1 : 0;
  }
  EXPECT_GT(unbanned, 100);
  EXPECT_GT(seen[" sort"], 5);
  EXPECT_GT(seen[" sorrow"], 5);
  EXPECT_GT(seen[" glad"], 5);
  EXPECT_GT(speaker.rewinds, 50);
}

TEST(WordBan, RewindsInsteadOfForcingNonsenseOutOfTheWord) {
  auto speaker = english();
  int nonsense = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    nonsense += speaker.say({{"sorry", -100}}, seed).find("sorrysome") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(nonsense, 0);
}

TEST(WordBan, TrimsAWordThatStandsUndecidedWhenTheTokensEnd) {
  auto speaker = english();
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::string text = speaker.say({{"sorry", -100}}, seed, 4);
    EXPECT_FALSE(ends(text, "orry")) << text;
  }
}

// Half characters: "죄" comes as two tokens; "죄송합니다" and "죄송하지만", "죄수" share the first ones.
ScriptedSpeaker korean() {
  return ScriptedSpeaker(
      {"", "정말 ", "\xEC\xA3", "\x84", "송", "합니다", "하지만", "수", ".", "요", "합니", "다만", "원죄송합니다"},
      [](const std::string& text) -> Weights {
        if (text.empty() || ends(text, ".")) return {{"정말 ", 0.8}, {"", 0.2}};
        if (ends(text, "정말 ")) return {{"\xEC\xA3", 0.9}, {"요", 0.05}, {"원죄송합니다", 0.05}};
        if (ends(text, "\xEC\xA3")) return {{"\x84", 1}};
        if (ends(text, "죄")) return {{"송", 0.8}, {"수", 0.2}};
        if (ends(text, "죄송")) return {{"합니다", 0.5}, {"하지만", 0.2}, {"합니", 0.3}};
        if (ends(text, "죄송합니")) return {{"다만", 0.97}, {"요", 0.03}};
        return {{".", 1}};
      });
}

TEST(WordBan, KeepsAKoreanWordOfSeveralTokensOutOf200RepliesAndItsNeighboursIn) {
  auto speaker = korean();
  int unbanned = 0;
  std::map<std::string, int> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    unbanned += speaker.say({}, seed).find(" 죄송합니다") != std::string::npos ? 1 : 0;
    const std::string text = speaker.say({{"죄송합니다", -100}}, seed);
    EXPECT_EQ(text.find(" 죄송합니다"), std::string::npos) << text;
    for (const char* word : {"죄송하지만", "죄수", "원죄송합니다"})
      seen[word] += text.find(word) != std::string::npos ? 1 : 0;
  }
  EXPECT_GT(unbanned, 100);
  EXPECT_GT(seen["죄송하지만"], 5);
  EXPECT_GT(seen["죄수"], 5);
  EXPECT_GT(seen["원죄송합니다"], 5);  // Hangul before it: not the word
}

TEST(WordBan, SeesTheSameWordUnderAParticle) {
  ScriptedSpeaker speaker({"", "나의 ", "사유", "사람", "는", ".", "사유는"}, [](const std::string& text) -> Weights {
    if (text.empty()) return {{"나의 ", 1}};
    if (ends(text, "나의 ")) return {{"사유", 0.5}, {"사유는", 0.4}, {"사람", 0.1}};
    if (ends(text, "사유") || ends(text, "사람")) return {{"는", 1}};
    return {{"", 1}};
  });
  for (std::uint64_t seed = 0; seed < 50; ++seed) EXPECT_EQ(speaker.say({{"사유", -100}}, seed), "나의 사람는");
}

TEST(WordBan, HoldsForWordsWithSpacesAndApostrophes) {
  ScriptedSpeaker speaker({"", "I", "'m", " so", "rry", "!", " here"}, [](const std::string& text) -> Weights {
    if (text.empty()) return {{"I", 1}};
    if (text == "I") return {{"'m", 1}};
    if (text == "I'm") return {{" so", 0.6}, {" here", 0.4}};
    if (ends(text, " so")) return {{"rry", 0.7}, {"!", 0.3}};
    if (ends(text, "rry")) return {{"!", 1}};
    if (ends(text, "here")) return {{"!", 1}};
    return {{"", 1}};
  });
  std::map<std::string, int> seen;
  for (std::uint64_t seed = 0; seed < 100; ++seed) ++seen[speaker.say({{"i'm sorry", -100}}, seed)];
  EXPECT_EQ(seen.count("I'm sorry!"), 0u);
  EXPECT_GT(seen["I'm so!"], 5);
  EXPECT_GT(seen["I'm here!"], 5);
}

TEST(WordBan, EndsTheReplyWhenNothingElseCanBeSaid) {
  ScriptedSpeaker speaker({"", "bad", "."}, [](const std::string& text) -> Weights {
    if (text.empty()) return {{"bad", 1}};
    return {{".", 1}};
  });
  EXPECT_EQ(speaker.say({{"bad", -100}}, 1), "");
}

int count(const std::string& word, const std::string& text) {
  const WordMatcher matcher(word);
  MatchState state;
  const int found = matcher.feed(state, text).found;
  return found + (matcher.at_end(state) ? 1 : 0);
}

TEST(WholeWord, IsBoundedByLettersAndDigitsOnBothSidesInLatin) {
  EXPECT_EQ(count("art", "art"), 1);
  EXPECT_EQ(count("art", "Art, ART. (aRt)"), 3);
  EXPECT_EQ(count("art", "start party art1 1art artist"), 0);
  EXPECT_EQ(count("art", "arté éart"), 0);
  EXPECT_EQ(count("AI", "AI는 인간AI가"), 2);
  EXPECT_EQ(count("aa b aa", "aa b aa b aa"), 2);
  EXPECT_EQ(count("sorry", "sorry sorry\xff sorry"), 3);
}

TEST(WholeWord, IsBoundedOnTheLeftOnlyInHangul) {
  EXPECT_EQ(count("공생", "공생은 공생. 공생"), 3);
  EXPECT_EQ(count("공생", "세공생"), 0);
  EXPECT_EQ(count("공생", "(공생)"), 1);
  EXPECT_EQ(count("공생", "공"), 0);
}

TEST(WholeWord, IsFoundHoweverTheBytesArrive) {
  const std::string text = "나는 Sorry, 죄송합니다만 sorry";
  const WordMatcher english("sorry");
  const WordMatcher korean("죄송합니다");
  for (std::size_t step = 1; step < 7; ++step) {
    MatchState a;
    MatchState b;
    int found_a = 0;
    int found_b = 0;
    for (std::size_t at = 0; at < text.size(); at += step) {
      found_a += english.feed(a, std::string_view(text).substr(at, step)).found;
      found_b += korean.feed(b, std::string_view(text).substr(at, step)).found;
    }
    EXPECT_EQ(found_a, 1);
    EXPECT_TRUE(english.at_end(a));
    EXPECT_EQ(found_b, 1);
  }
}

// The tables take shortcuts; feeding every token must say the same.
TEST(WordTables, AgreeWithFeedingEveryToken) {
  std::vector<std::string> pieces = {""};
  const std::vector<std::string> atoms = {"s",    "so",   "r",  "ry", " ", "S", "\xEC",
                                          "\xA3", "\x84", "죄", "송", "é", "!", "orry"};
  for (const auto& a : atoms) {
    pieces.push_back(a);
    for (const auto& b : atoms) pieces.push_back(a + b);
  }
  const ScriptedVocabulary vocabulary(pieces);
  for (const char* word : {"sorry", "죄송", "so", "s r", "é", "!"}) {
    WordTables tables(vocabulary);
    WordTable& table = tables.table(word);
    for (const auto& a : atoms) {
      for (const auto& b : atoms) {
        MatchState state;
        table.matcher().feed(state, a + b);
        std::map<Token, TokenEffect> listed;
        for (const TokenEffect& effect : table.effects(state)) listed[effect.token] = effect;
        for (std::size_t t = 1; t < pieces.size(); ++t) {
          MatchState after = state;
          const int found = table.matcher().feed(after, pieces[t]).found;
          const TokenEffect effect = listed[static_cast<Token>(t)];
          ASSERT_EQ(effect.found, found) << word << "|" << a + b << "|" << pieces[t];
          ASSERT_EQ(effect.live, table.matcher().is_live(after)) << word << "|" << a + b << "|" << pieces[t];
          ASSERT_EQ(effect.complete, after.complete) << word << "|" << a + b << "|" << pieces[t];
        }
      }
    }
  }
}

ScriptedSpeaker even() {
  return ScriptedSpeaker({"", " s", "ea", "un", "t", " b", "."}, [](const std::string&) -> Weights {
    return {{" s", 1}, {"ea", 1}, {"un", 1}, {"t", 1}, {" b", 1}, {".", 1}, {"", 1}};
  });
}

TEST(WordFavour, LiftsTheWayIntoTheWordAndTakesItBackFromOtherWords) {
  auto speaker = even();
  const std::vector<WordBias> sea = {{"sea", 2}};
  Weights start = speaker.probabilities({"."}, sea);
  EXPECT_NEAR(start[" s"] / start[" b"], std::exp(2.0), 1e-4);
  Weights inside = speaker.probabilities({".", " s"}, sea);
  EXPECT_NEAR(inside["ea"] / inside["un"], std::exp(2.0), 1e-4);
  EXPECT_NEAR(inside["un"], inside["t"], 1e-6);
  Weights behind = speaker.probabilities({".", " s", "ea"}, sea);
  EXPECT_NEAR(behind["."] / behind["t"], std::exp(2.0), 1e-4);  // "seat" gives back what "sea." may keep
  EXPECT_NEAR(behind[""], behind["."], 1e-6);
  Weights after = speaker.probabilities({".", " s", "ea", "."}, sea);
  EXPECT_NEAR(after[" b"], after["un"], 1e-6);
}

TEST(WordFavour, LetsANegativeBiasActWhereTheWordIsCompletedOnly) {
  auto speaker = even();
  const std::vector<WordBias> sea = {{"sea", -2}};
  Weights start = speaker.probabilities({"."}, sea);
  EXPECT_NEAR(start[" s"], start[" b"], 1e-6);
  Weights inside = speaker.probabilities({".", " s"}, sea);
  EXPECT_NEAR(inside["ea"] / inside["un"], std::exp(-2.0), 1e-5);
  Weights behind = speaker.probabilities({".", " s", "ea"}, sea);
  EXPECT_NEAR(behind["t"] / behind["."], std::exp(2.0), 1e-4);
}

}  // namespace
}  // namespace banchu
