// 우리말 규칙. 조사와 서술어는 낱말 뒤에 붙으므로 낱말 끝을 보고 값을 떼어 낸다.
// The Korean rules: particles and copulas are glued to the word, so a value is found by what its word ends with.
// Twelve questions each: eight to train, four to test.
#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "ruminate/claim.h"

namespace banchu {
namespace {

using Strings = std::vector<std::string>;
using Words = std::vector<std::string>;

const char* const kUnknown = "그건 아직 모르겠어요. 알려 주시겠어요?";
constexpr std::size_t kLongestValue = 48;  // bytes

bool has_hangul(std::string_view text) {
  const std::vector<char32_t> points = code_points(text);
  return std::any_of(points.begin(), points.end(), is_hangul);
}

// 받침이 있는가: the last character has a final consonant (Latin letters and digits count as none).
bool has_final_consonant(std::string_view word) {
  const std::vector<char32_t> points = code_points(word);
  if (points.empty()) return false;
  const char32_t c = points.back();
  return c >= 0xAC00 && c <= 0xD7A3 && (c - 0xAC00) % 28 != 0;
}

std::string with_copula(const std::string& word) { return word + (has_final_consonant(word) ? "이에요" : "예요"); }
std::string with_topic(const std::string& word) { return word + (has_final_consonant(word) ? "은" : "는"); }
std::string with_object(const std::string& word) { return word + (has_final_consonant(word) ? "을" : "를"); }

std::optional<std::string> without_ending(const std::string& word, std::initializer_list<std::string_view> endings) {
  for (const std::string_view ending : endings) {
    if (word.size() > ending.size() && word.ends_with(ending)) return word.substr(0, word.size() - ending.size());
  }
  return std::nullopt;
}

std::optional<std::string> without_copula(const std::string& word) {
  return without_ending(word, {"이라고 해요", "이라고", "이에요", "이예요", "입니다", "이고요", "이랍니다", "라고",
                               "예요", "에요", "이야", "이고", "고요", "랍니다", "야"});
}

std::string join(const Words& said, std::size_t begin, std::size_t end) {
  std::string text;
  for (std::size_t i = begin; i < end; ++i) text += (text.empty() ? "" : " ") + said[i];
  return text;
}

struct Sentence {
  Words said;
  bool asks = false;
};

std::vector<Sentence> sentences_of(std::string_view message) {
  std::vector<Sentence> sentences(1);
  std::string word;
  const auto close_word = [&] {
    if (!word.empty()) sentences.back().said.push_back(std::move(word));
    word.clear();
  };
  const std::string text = nfc(message);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool stop = c == '.' || c == '!' || c == '?' || c == '\n' || c == ',';
    if (stop || c == ' ' || c == '\t' || c == '"') close_word();
    if (!stop && c != ' ' && c != '\t' && c != '"') word += c;
    if (!stop) continue;
    sentences.back().asks = c == '?';
    sentences.emplace_back();
  }
  close_word();
  return sentences;
}

Claim make_claim(MemoryKind kind, const std::string& slot, const std::string& value, const std::string& text,
                 const std::string& expected, Strings questions, Strings answers, Strings neighbours) {
  return {kind,    slot, fold(value), text, expected, std::move(questions), std::move(answers), std::move(neighbours),
          kUnknown};
}

Claim name_claim(const std::string& value) {
  return make_claim(
      MemoryKind::fact, "user's name", value, "제 이름은 " + with_copula(value), value,
      {"제 이름이 뭐예요?", "제 이름을 아세요?", "제가 누구예요?", "제 이름을 말해 주세요.", "제 이름 기억하세요?",
       "저를 뭐라고 부르시겠어요?", "제 이름이 뭐였죠?", "저를 어떻게 부르면 되죠?", "제가 이름을 뭐라고 했죠?",
       "제 이름 좀 불러 주세요.", "제 이름을 다시 알려 주세요.", "저는 누구일까요?"},
      {"이름은 " + with_copula(value), value + (has_final_consonant(value) ? "이라고" : "라고") + " 하셨어요."},
      {"제 별명이 뭐예요?", "제 선생님 성함이 뭐예요?"});
}

Claim thing_claim(const std::string& thing, const std::string& value) {
  return make_claim(MemoryKind::fact, "name of " + thing, value, "우리 " + thing + " 이름은 " + with_copula(value),
                    value,
                    {"우리 " + thing + " 이름이 뭐예요?", "제 " + thing + " 이름을 아세요?",
                     "우리 " + thing + " 이름을 말해 주세요.", "우리 " + thing + " 이름 기억하세요?",
                     with_topic(thing) + " 이름이 뭐였죠?", "우리 " + with_object(thing) + " 뭐라고 부르죠?",
                     "제 " + thing + " 이름이 뭐라고 했죠?", "우리 " + thing + " 이름 좀 알려 주세요.",
                     "우리 집 " + thing + " 이름은요?", "제가 말한 " + thing + " 이름이 뭐예요?",
                     "우리 " + thing + " 이름을 다시 말해 볼래요?", "제 " + with_topic(thing) + " 뭐라고 불러요?"},
                    {thing + " 이름은 " + with_copula(value) + ".", with_copula(value) + ", " + thing + " 이름이지요."},
                    {"옆집 앵무새 이름이 뭐예요?", "제 첫 학교 이름이 뭐예요?"});
}

Claim home_claim(const std::string& value) {
  return make_claim(
      MemoryKind::fact, "home", value, "저는 " + value + "에 살아요", value,
      {"제가 어디에 살죠?", "제가 어디 사는지 아세요?", "제 집이 어디예요?", "제가 사는 곳을 말해 주세요.",
       "제가 어디 산다고 했죠?", "제가 사는 곳 기억하세요?", "저는 어느 동네에 살죠?", "제가 사는 데가 어디예요?",
       "제가 사는 곳이 어디였죠?", "우리 집이 어디에 있죠?", "제가 어디에 사는지 말해 볼래요?", "저 어디 살아요?"},
      {value + "에 사세요.", "댁이 " + with_copula(value) + "."},
      {"제 아버지 고향이 어디예요?", "제 회사는 어느 길에 있죠?"});
}

Claim birthday_claim(const std::string& value) {
  return make_claim(
      MemoryKind::fact, "birthday", value, "제 생일은 " + with_copula(value), value,
      {"제 생일이 언제예요?", "제 생일을 아세요?", "제 생일이 며칠이죠?", "제 생일 기억하세요?", "제가 언제 태어났죠?",
       "제 생일을 말해 주세요.", "생일이 언제라고 했죠?", "제 생일 날짜가 뭐예요?", "제 생일이 언제였죠?",
       "제 생일은 몇 월 며칠이에요?", "제 생일을 다시 말해 주세요.", "촛불은 언제 켜면 될까요?"},
      {"생일은 " + with_copula(value) + ".", value + "에 태어나셨어요."},
      {"제 동생 생일이 언제예요?", "제 결혼기념일이 언제예요?"});
}

Claim allergy_claim(const std::string& value) {
  return make_claim(MemoryKind::fact, "allergy: " + fold(value), "allergic", "저는 " + value + " 알레르기가 있어요",
                    value,
                    {"제가 무슨 알레르기가 있죠?", "제 알레르기를 아세요?", "제가 먹으면 안 되는 게 뭐죠?",
                     "제 알레르기 기억하세요?", "저한테 위험한 음식이 뭐예요?", "제 음식에서 뭘 빼야 하죠?",
                     "제가 못 먹는 게 뭐예요?", "제 알레르기를 말해 주세요.", "제가 뭐에 알레르기가 있다고 했죠?",
                     "제 알레르기가 뭐였죠?", "저는 뭘 조심해야 하죠?", "제가 어떤 알레르기가 있는지 말해 볼래요?"},
                    {value + " 알레르기가 있으세요.", with_topic(value) + " 드시면 안 돼요. 알레르기가 있으시니까요."},
                    {"제 동생은 무슨 알레르기가 있죠?", "제가 먹는 약이 뭐예요?"});
}

Claim taste_claim(const std::string& value, bool likes) {
  const std::string verb = likes ? "좋아" : "싫어";
  return make_claim(
      MemoryKind::preference, "taste: " + fold(value), likes ? "likes" : "dislikes",
      "저는 " + with_object(value) + " " + verb + "해요", value,
      {"제가 뭘 " + verb + "하죠?", "제가 " + verb + "하는 걸 하나 말해 주세요.", "제가 뭘 " + verb + "하는지 아세요?",
       "제가 " + verb + "하는 게 뭐예요?", "제가 뭘 " + verb + "한다고 했죠?", "제가 " + verb + "하는 것 기억하세요?",
       "저는 무엇을 " + verb + "할까요?", "제가 " + verb + "하는 게 뭐였죠?", "제가 " + verb + "한다고 한 게 뭐죠?",
       "제가 " + verb + "하는 걸 말해 볼래요?", "제가 특히 뭘 " + verb + "하죠?", "제가 " + verb + "하는 것 하나만요."},
      {with_object(value) + " " + verb + "하세요.", with_object(value) + " " + verb + "한다고 하셨어요."},
      {"제 삼촌은 뭘 좋아하죠?", "제가 아침에 흥얼거리는 노래가 뭐죠?"});
}

Claim work_claim(const std::string& value) {
  return make_claim(
      MemoryKind::fact, "work", value, "저는 " + value + "에서 일해요", value,
      {"제가 어디에서 일하죠?", "제 직장이 어디예요?", "제가 일하는 곳을 아세요?", "제 직장 기억하세요?",
       "제가 어디서 일한다고 했죠?", "제가 일하는 곳을 말해 주세요.", "제 일터가 어디예요?", "저는 어디에 출근하죠?",
       "제가 일하는 곳이 어디였죠?", "제 직장을 말해 볼래요?", "제가 다니는 곳이 어디죠?", "저 어디서 일해요?"},
      {value + "에서 일하세요.", "일하시는 곳은 " + with_copula(value) + "."},
      {"제 상사가 누구예요?", "제가 대학에서 뭘 배웠죠?"});
}

Claim favourite_claim(const std::string& thing, const std::string& value) {
  return make_claim(
      MemoryKind::preference, "favourite " + thing, value,
      "제가 제일 좋아하는 " + with_topic(thing) + " " + with_copula(value), value,
      {"제가 제일 좋아하는 " + with_topic(thing) + " 뭐예요?", "제가 어떤 " + with_object(thing) + " 제일 좋아하죠?",
       "제가 가장 좋아하는 " + with_object(thing) + " 아세요?",
       "제가 가장 좋아하는 " + with_object(thing) + " 말해 주세요.", "제가 제일 좋아하는 " + thing + " 기억하세요?",
       "저는 어떤 " + with_object(thing) + " 고를까요?", "제가 제일 좋아한다고 한 " + with_topic(thing) + "요?",
       "제 마음에 드는 " + with_topic(thing) + " 뭐였죠?", "제가 가장 아끼는 " + with_topic(thing) + " 뭐예요?",
       "제일 좋아하는 " + thing + " 하나만 말해 볼래요?", "제가 무슨 " + with_object(thing) + " 좋아하죠?",
       "저한테 제일 좋은 " + with_topic(thing) + " 뭘까요?"},
      {"제일 좋아하시는 " + with_topic(thing) + " " + with_copula(value) + ".", with_copula(value) + "."},
      {"제가 제일 싫어하는 노래가 뭐예요?", "제가 안 가는 가게가 어디예요?"});
}

// "저는", "제가" and what stands before them are no part of a value.
std::size_t after_the_speaker(const Words& said) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < said.size(); ++i) {
    for (const char* speaker :
         {"저는", "전", "나는", "난", "제가", "저도", "저희는", "우리는", "참", "사실", "그리고"}) {
      if (said[i] == speaker) begin = i + 1;
    }
  }
  return begin;
}

bool is_plain_value(const std::string& value) {
  if (value.empty() || value.size() > kLongestValue) return false;
  for (const char* other : {"그거", "그것", "이거", "이것", "그", "이", "저", "뭐", "무엇", "누구", "그런 거", "당신",
                            "아무것도", "비밀"}) {
    if (value == other) return false;
  }
  return true;
}

std::optional<Claim> named_claim(const Words& said) {
  for (std::size_t i = 1; i < said.size() && i < 4; ++i) {
    if (said[i] != "이름은" && said[i] != "이름이") continue;
    const auto value = without_copula(join(said, i + 1, std::min(said.size(), i + 3)));
    const auto tail = i + 1 < said.size() ? without_copula(said[i + 1]) : std::nullopt;
    const std::optional<std::string> name = tail ? tail : value;
    if (!name || !is_plain_value(*name)) return std::nullopt;
    if (i == 1 && (said[0] == "제" || said[0] == "내")) return name_claim(*name);
    if (i >= 2 && (said[i - 2] == "우리" || said[i - 2] == "제" || said[i - 2] == "저희"))
      return thing_claim(said[i - 1], *name);
  }
  return std::nullopt;
}

std::optional<Claim> called_claim(const Words& said) {
  if (said.size() != 3 || (said[0] != "저는" && said[0] != "전")) return std::nullopt;
  const auto name = without_ending(said[1], {"이라고", "라고"});
  if (!name || !(said[2] == "해요" || said[2] == "합니다") || !is_plain_value(*name)) return std::nullopt;
  return name_claim(*name);
}

std::optional<Claim> place_claim(const Words& said) {
  for (std::size_t i = 1; i < said.size(); ++i) {
    const bool lives = said[i] == "살아요" || said[i] == "삽니다" || said[i] == "살고" || said[i] == "살아";
    const bool works = said[i] == "일해요" || said[i] == "일합니다" || said[i] == "일하고";
    const auto place = lives   ? without_ending(said[i - 1], {"에서", "에"})
                       : works ? without_ending(said[i - 1], {"에서"})
                               : std::nullopt;
    const std::size_t begin = after_the_speaker(said);
    if (!place || begin + 3 < i || begin >= i) continue;  // at most three words of place
    const std::string value = (begin + 1 < i ? join(said, begin, i - 1) + " " : "") + *place;
    if (is_plain_value(value)) return lives ? home_claim(value) : work_claim(value);
  }
  return std::nullopt;
}

std::optional<Claim> birthday_claim_in(const Words& said) {
  for (std::size_t i = 1; i + 1 < said.size(); ++i) {
    if (said[i] != "생일은" || (said[i - 1] != "제" && said[i - 1] != "내")) continue;
    const auto date = without_copula(join(said, i + 1, said.size()));
    if (date && is_plain_value(*date)) return birthday_claim(*date);
  }
  return std::nullopt;
}

std::optional<Claim> allergy_claim_in(const Words& said) {
  for (std::size_t i = 1; i + 1 < said.size(); ++i) {
    if (said[i] != "알레르기가" || !said[i + 1].starts_with("있")) continue;
    const std::string value = without_ending(said[i - 1], {"에"}).value_or(said[i - 1]);
    if (is_plain_value(value)) return allergy_claim(value);
  }
  return std::nullopt;
}

std::optional<Claim> taste_claim_in(const Words& said) {
  if (said.size() < 2) return std::nullopt;
  const std::string& verb = said.back();
  const bool likes = verb == "좋아해요" || verb == "좋아합니다" || verb == "사랑해요" || verb == "좋아해";
  const bool dislikes = verb == "싫어해요" || verb == "싫어합니다" || verb == "싫어해";
  const std::size_t begin = after_the_speaker(said), last = said.size() - 2;
  const auto object = without_ending(said[last], {"을", "를"});
  if ((!likes && !dislikes) || !object || begin > last || last - begin > 2) return std::nullopt;
  const std::string value = (begin < last ? join(said, begin, last) + " " : "") + *object;
  return is_plain_value(value) ? std::optional(taste_claim(value, likes)) : std::nullopt;
}

std::optional<Claim> favourite_claim_in(const Words& said) {
  for (std::size_t i = 1; i + 2 < said.size(); ++i) {
    if (said[i] != "좋아하는" || (said[i - 1] != "제일" && said[i - 1] != "가장")) continue;
    const auto thing = without_ending(said[i + 1], {"은", "는"});
    const auto value = without_copula(join(said, i + 2, said.size()));
    if (thing && value && is_plain_value(*value)) return favourite_claim(*thing, *value);
  }
  return std::nullopt;
}

// Supposed or told of others: "살면", "좋아한대요", "라면".
bool supposes(const Words& said) {
  return std::any_of(said.begin(), said.end(), [](const std::string& word) {
    return word == "만약" || word == "만일" || word == "혹시" || word.ends_with("라면") || word.ends_with("다면");
  });
}

}  // namespace

std::vector<Claim> korean_claims(std::string_view message) {
  if (!has_hangul(message)) return {};
  std::vector<Claim> claims;
  for (const Sentence& sentence : sentences_of(message)) {
    if (sentence.asks || supposes(sentence.said)) continue;
    for (const auto rule : {named_claim, called_claim, place_claim, birthday_claim_in, allergy_claim_in,
                            favourite_claim_in, taste_claim_in}) {
      if (auto claim = rule(sentence.said)) {
        claims.push_back(std::move(*claim));
        break;
      }
    }
  }
  return claims;
}

}  // namespace banchu
