#include "exchange/lesson_gate.h"

#include <charconv>

#include "base/digest.h"
#include "base/text.h"

namespace banchu {
namespace {

constexpr std::size_t kMostKeys = 4u << 20;

std::uint64_t key_of(const std::string& question, const std::string& answer) {
  const std::string digest = sha256(question + '\x1F' + answer);
  std::uint64_t key = 0;
  std::from_chars(digest.data(), digest.data() + 16, key, 16);
  return key == 0 ? 1 : key;
}

// A character has at least one byte and at most four, so most texts need no counting.
bool is_too_long(const std::string& text) {
  return text.size() > kLongestLesson_characters && code_points(text).size() > kLongestLesson_characters;
}

}  // namespace

const char* name_of(SkipReason reason) {
  constexpr std::array<const char*, 5> kNames = {"empty", "too_long", "duplicate", "encoding", "columns"};
  return kNames[static_cast<std::size_t>(reason)];
}

void SeenKeys::grow() {
  std::vector<std::uint64_t> old(slots_.size() * 2, 0);
  old.swap(slots_);
  used_ = 0;
  for (const std::uint64_t key : old) {
    if (key != 0) insert(key);
  }
}

bool SeenKeys::insert(std::uint64_t key) {
  if (2 * used_ >= slots_.size() && used_ < kMostKeys) grow();
  std::size_t at = key % slots_.size();
  while (slots_[at] != 0 && slots_[at] != key) at = (at + 1) % slots_.size();
  if (slots_[at] == key) return false;
  if (used_ >= kMostKeys) return true;
  slots_[at] = key;
  ++used_;
  return true;
}

void LessonGate::skip(SkipReason reason, const std::string& where) {
  Skipped& skipped = data_->left_out(reason);
  ++skipped.count;
  if (skipped.where.size() < kMostNamed) skipped.where.push_back(where);
}

Status LessonGate::pass(const std::string& where, const std::string& question, const std::string& answer) {
  const FirstLesson lesson{where, trim(nfc(plain_lines(question))), trim(nfc(plain_lines(answer)))};
  if (says_nothing(lesson.question) || says_nothing(lesson.answer)) {
    skip(SkipReason::empty, where);
  } else if (is_too_long(lesson.question) || is_too_long(lesson.answer)) {
    skip(SkipReason::too_long, where);
  } else if (!seen_.insert(key_of(lesson.question, lesson.answer))) {
    skip(SkipReason::duplicate, where);
  } else {
    ++data_->lessons;
    return (*sink_)(lesson);
  }
  return {};
}

}  // namespace banchu
