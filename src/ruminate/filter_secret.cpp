// Secrets: keys, passwords, card and identity numbers. Whoever reads the adapter could ask for them, so an entry that
// holds one is left out whole, and so is it from the history of its neighbours. A detail never quotes the secret.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"
#include "ruminate/filter.h"

namespace banchu {
namespace {

constexpr std::size_t kKeyLength = 24;  // an unbroken mix of cases and digits from here on is a key

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_key_character(char c) { return is_digit(c) || is_upper(c) || is_lower(c) || c == '-' || c == '_'; }

struct Mix {
  std::size_t digits = 0, upper = 0, lower = 0, other = 0;
};
Mix mix_of(std::string_view word) {
  Mix mix;
  for (const char c : word)
    ++(is_digit(c) ? mix.digits : is_upper(c) ? mix.upper : is_lower(c) ? mix.lower : mix.other);
  return mix;
}

std::vector<std::string_view> split(std::string_view text, bool (*belongs)(char)) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && belongs(text[i])) continue;
    if (i > begin) parts.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  return parts;
}

constexpr std::array<std::string_view, 12> kKeyPrefixes = {"sk-",   "pk-",  "ghp_", "gho_", "github_pat_", "xoxb-",
                                                           "xoxp-", "AKIA", "AIza", "hf_",  "glpat-",      "eyJhbGci"};

bool is_key(std::string_view word) {
  const Mix mix = mix_of(word);
  for (const std::string_view prefix : kKeyPrefixes) {
    if (word.starts_with(prefix) && word.size() >= prefix.size() + 12 && mix.digits >= 2) return true;
  }
  return word.size() >= kKeyLength && mix.digits >= 3 && mix.lower >= 3 && mix.upper >= 3;
}

bool has_key(std::string_view text) {
  if (text.find("PRIVATE KEY-----") != std::string_view::npos) return true;
  const std::vector<std::string_view> parts = split(text, is_key_character);
  return std::any_of(parts.begin(), parts.end(), is_key);
}

// The check digit of payment cards (ISO/IEC 7812-1, annex B).
bool passes_luhn(std::string_view digits) {
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    int digit = digits[digits.size() - 1 - i] - '0';
    if (i % 2 == 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 == 0;
}

bool is_number_character(char c) { return is_digit(c) || c == ' ' || c == '-'; }

std::string digits_of(std::string_view text) {
  std::string digits;
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits), is_digit);
  return digits;
}

bool has_card_number(std::string_view text) {
  for (const std::string_view run : split(text, is_number_character)) {
    const std::string digits = digits_of(run);
    if (digits.size() >= 13 && digits.size() <= 19 && digits[0] != '0' && passes_luhn(digits)) return true;
  }
  return false;
}

bool is_month_and_day(std::string_view digits) {
  const int month = (digits[0] - '0') * 10 + digits[1] - '0';
  const int day = (digits[2] - '0') * 10 + digits[3] - '0';
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

// A Korean resident registration number: YYMMDD-SNNNNNN, S in 1..8. Its old check digit no longer holds since 2020.
bool is_resident_number(std::string_view run) {
  const std::string digits = digits_of(run);
  const bool shaped = run.size() == 14 ? run[6] == '-' : run.size() == 13;
  return shaped && digits.size() == 13 && is_month_and_day(std::string_view(digits).substr(2, 4)) && digits[6] >= '1' &&
         digits[6] <= '8';
}

// A United States social security number: AAA-GG-SSSS.
bool is_social_number(std::string_view run) {
  return run.size() == 11 && run[3] == '-' && run[6] == '-' && digits_of(run).size() == 9;
}

bool is_dashed_digit(char c) { return is_digit(c) || c == '-'; }

bool has_identity_number(std::string_view text) {
  const std::vector<std::string_view> runs = split(text, is_dashed_digit);
  return std::any_of(runs.begin(), runs.end(),
                     [](std::string_view run) { return is_resident_number(run) || is_social_number(run); });
}

constexpr std::array<std::string_view, 10> kPasswordWords = {"password", "passcode", "passphrase", "passwort", "pwd",
                                                             "pin code", "pin is",   "비밀번호",   "암호는",   "비번"};

bool is_not_space(char c) { return c != ' ' && c != '\n' && c != '\t' && c != '"' && c != '`'; }

// A word that looks chosen to be hard to guess: four characters or more with a digit in it, or letters glued by signs.
bool looks_like_a_password(std::string_view word) {
  while (!word.empty() && (word.back() == '.' || word.back() == ',' || word.back() == '!')) word.remove_suffix(1);
  const Mix mix = mix_of(word);
  if (word.size() < 4) return false;
  return mix.digits >= 2 && (mix.lower + mix.upper > 0 || mix.digits == word.size());
}

bool has_password(std::string_view text) {
  const std::string folded = fold(text);
  for (const std::string_view word : kPasswordWords) {
    for (std::size_t at = folded.find(word); at != std::string::npos; at = folded.find(word, at + 1)) {
      const std::vector<std::string_view> after =
          split(std::string_view(folded).substr(at + word.size(), 60), is_not_space);
      const std::size_t look = std::min<std::size_t>(after.size(), 4);
      if (std::any_of(after.begin(), after.begin() + static_cast<std::ptrdiff_t>(look), looks_like_a_password))
        return true;
    }
  }
  return false;
}

// International bank account numbers: the rest modulo 97 of the rearranged digits is 1 (ISO 13616).
bool is_iban(std::string_view word) {
  if (word.size() < 15 || word.size() > 34 || !is_upper(word[0]) || !is_upper(word[1])) return false;
  if (!is_digit(word[2]) || !is_digit(word[3])) return false;
  int rest = 0;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char c = word[(i + 4) % word.size()];
    if (!is_digit(c) && !is_upper(c)) return false;
    rest = is_digit(c) ? (rest * 10 + c - '0') % 97 : (rest * 100 + c - 'A' + 10) % 97;
  }
  return rest == 1;
}

bool has_iban(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, is_key_character);
  return std::any_of(parts.begin(), parts.end(), is_iban);
}

}  // namespace

std::optional<Finding> find_secret(std::string_view text, const std::string& who) {
  const char* what = has_key(text)               ? "something like a key"
                     : has_identity_number(text) ? "an identity number"
                     : has_card_number(text)     ? "a card number"
                     : has_iban(text)            ? "a bank account"
                     : has_password(text)        ? "a password"
                                                 : nullptr;
  if (what == nullptr) return std::nullopt;
  return Finding{Reason::secret, fmt::format("{} holds {}; it is not repeated here", who, what)};
}

}  // namespace banchu
