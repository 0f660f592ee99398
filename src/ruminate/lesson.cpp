// Lessons as bytes: a magic line with the version, the fields in little endian, and the SHA-256 of all before it.
#include "ruminate/lesson.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/digest.h"

namespace banchu {
namespace {

constexpr std::string_view kMagic = "banchu lessons 2\n";
constexpr std::string_view kMagicOfOne = "banchu lessons 1\n";  // without preference rows and tokenizer
constexpr std::size_t kDigestBytes = 64;

static_assert(std::endian::native == std::endian::little, "the format is little endian");

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  template <typename T>
  void number(T value) {
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    out_.append(bytes, sizeof(T));
  }
  void size(std::size_t value) { number(static_cast<std::uint64_t>(value)); }
  void text(const std::string& value) {
    size(value.size());
    out_ += value;
  }
  template <typename T>
  void numbers(const std::vector<T>& values) {
    size(values.size());
    for (const T value : values) number(value);
  }
  template <typename Items, typename Each>
  void all(const Items& items, const Each& each) {
    size(items.size());
    for (const auto& item : items) each(item);
  }
  void texts(const std::vector<std::string>& values) {
    all(values, [&](const std::string& value) { text(value); });
  }

 private:
  std::string& out_;
};

// Reads what Writer wrote. After the first short read everything is empty and ok() is false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  template <typename T>
  T number() {
    T value{};
    if (rest_.size() < sizeof(T)) {
      ok_ = false;
      rest_ = {};
      return value;
    }
    std::memcpy(&value, rest_.data(), sizeof(T));
    rest_.remove_prefix(sizeof(T));
    return value;
  }
  // A count of items, each of at least `item_bytes`: a count that cannot be true is refused before memory is taken.
  std::size_t size(std::size_t item_bytes = 1) {
    const auto value = number<std::uint64_t>();
    if (value > rest_.size() / item_bytes) ok_ = false;
    return ok_ ? static_cast<std::size_t>(value) : 0;
  }
  std::string text() {
    const std::size_t length = size();
    std::string value(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return value;
  }
  template <typename T>
  std::vector<T> numbers() {
    std::vector<T> values(size(sizeof(T)));
    for (T& value : values) value = number<T>();
    return values;
  }
  template <typename Each>
  auto all(const Each& each) {
    std::vector<decltype(each())> items;
    const std::size_t count = size();
    for (std::size_t i = 0; i < count && ok_; ++i) items.push_back(each());
    return items;
  }
  std::vector<std::string> texts() {
    return all([&] { return text(); });
  }
  template <typename Word>
  Word word(Word last) {
    const auto value = number<std::uint8_t>();
    if (value > static_cast<std::uint8_t>(last)) ok_ = false;
    return ok_ ? static_cast<Word>(value) : Word{};
  }
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

void write_row(Writer& out, const LessonRow& row) {
  out.number(static_cast<std::uint8_t>(row.kind));
  out.text(row.conversation);
  out.texts(row.memories);
  out.numbers(row.tokens);
  out.numbers(row.targets);
  out.all(row.teacher, [&](const TopK& top) {
    out.numbers(top.ids);
    out.numbers(top.logprobs);
  });
  out.number(row.weight);
  out.numbers(row.rejected);
  out.numbers(row.rejected_targets);
}

LessonRow read_row(Reader& in, bool of_one) {
  LessonRow row;
  row.kind = in.word(of_one ? RowKind::rehearsal : RowKind::preference);
  row.conversation = in.text();
  row.memories = in.texts();
  row.tokens = in.numbers<Token>();
  row.targets = in.numbers<std::uint32_t>();
  row.teacher = in.all([&] {
    TopK top;
    top.ids = in.numbers<Token>();
    top.logprobs = in.numbers<float>();
    return top;
  });
  row.weight = in.number<float>();
  if (of_one) return row;
  row.rejected = in.numbers<Token>();
  row.rejected_targets = in.numbers<std::uint32_t>();
  return row;
}

void write_prompts(Writer& out, const std::vector<std::vector<Message>>& prompts) {
  out.all(prompts, [&](const std::vector<Message>& messages) {
    out.all(messages, [&](const Message& message) {
      out.number(static_cast<std::uint8_t>(message.role));
      out.text(message.content);
    });
  });
}

std::vector<std::vector<Message>> read_prompts(Reader& in) {
  return in.all([&] {
    return in.all([&] {
      Message message;
      message.role = in.word(Role::assistant);
      message.content = in.text();
      return message;
    });
  });
}

void write_test(Writer& out, const LessonTest& test) {
  out.text(test.memory);
  out.number(static_cast<std::uint8_t>(test.behaviour.kind));
  out.text(test.behaviour.expected);
  out.texts(test.behaviour.questions);
  out.texts(test.behaviour.answers);
  out.text(test.behaviour.not_expected);
  write_prompts(out, test.valid_prompts);
  write_prompts(out, test.test_prompts);
}

LessonTest read_test(Reader& in) {
  LessonTest test;
  test.memory = in.text();
  test.behaviour.kind = in.word(BehaviourKind::as_masked);
  test.behaviour.expected = in.text();
  test.behaviour.questions = in.texts();
  test.behaviour.answers = in.texts();
  test.behaviour.not_expected = in.text();
  test.valid_prompts = read_prompts(in);
  test.test_prompts = read_prompts(in);
  return test;
}

Error corrupt(const char* what) {
  return make_error(Code::Corruption, std::string("these lessons cannot be read: ") + what,
                    "start the night again; the lessons are made anew");
}

bool are_ascending(const std::vector<std::uint32_t>& targets, std::size_t tokens) {
  std::uint32_t previous = 0;
  for (const std::uint32_t target : targets) {
    if (target <= previous || target >= tokens) return false;
    previous = target;
  }
  return true;
}

// What every trainer relies on, so that no bytes can send it out of bounds.
bool is_sound(const LessonRow& row) {
  if (!row.teacher.empty() && row.teacher.size() != row.targets.size()) return false;
  for (const TopK& top : row.teacher) {
    if (top.ids.size() != top.logprobs.size()) return false;
  }
  return are_ascending(row.targets, row.tokens.size()) && are_ascending(row.rejected_targets, row.rejected.size());
}

bool are_sound(const std::vector<LessonRow>& rows) { return std::all_of(rows.begin(), rows.end(), is_sound); }

}  // namespace

const char* name_of(RowKind kind) {
  switch (kind) {
    case RowKind::distill:
      return "distill";
    case RowKind::sft:
      return "sft";
    case RowKind::rehearsal:
      return "rehearsal";
    case RowKind::preference:
      return "preference";
  }
  return "?";
}

int Lessons::count(RowKind kind) const {
  const auto of = [&](const std::vector<LessonRow>& rows) {
    return std::count_if(rows.begin(), rows.end(), [&](const LessonRow& row) { return row.kind == kind; });
  };
  return static_cast<int>(of(train.rows()) + of(valid.rows()) + of(test.rows()));
}

std::string lessons_to_bytes(const Lessons& lessons) {
  std::string bytes(kMagic);
  Writer out(bytes);
  for (const std::vector<LessonRow>* rows : {&lessons.train.rows(), &lessons.valid.rows(), &lessons.test.rows()}) {
    out.all(*rows, [&](const LessonRow& row) { write_row(out, row); });
  }
  out.all(lessons.tests, [&](const LessonTest& test) { write_test(out, test); });
  out.texts(lessons.memories);
  out.texts(lessons.taught_replies);
  out.text(lessons.tokenizer);
  return bytes + sha256(bytes);
}

Result<Lessons> lessons_from_bytes(const std::string& bytes) {
  static_assert(kMagic.size() == kMagicOfOne.size());
  const bool of_one = bytes.starts_with(kMagicOfOne);
  if ((!of_one && !bytes.starts_with(kMagic)) || bytes.size() < kMagic.size() + kDigestBytes)
    return corrupt("they are of another kind");
  const std::string_view content = std::string_view(bytes).substr(0, bytes.size() - kDigestBytes);
  if (sha256(content) != std::string_view(bytes).substr(content.size())) return corrupt("their digest differs");
  Reader in(content.substr(kMagic.size()));
  const auto rows = [&] { return in.all([&] { return read_row(in, of_one); }); };
  Lessons lessons;
  lessons.train = TrainSet(rows());
  lessons.valid = ValidSet(rows());
  lessons.test = TestSet(rows());
  lessons.tests = in.all([&] { return read_test(in); });
  lessons.memories = in.texts();
  lessons.taught_replies = in.texts();
  if (!of_one) lessons.tokenizer = in.text();
  if (!in.ok() || !in.at_end()) return corrupt("they end too early or too late");
  if (!are_sound(lessons.train.rows()) || !are_sound(lessons.valid.rows()) || !are_sound(lessons.test.rows())) {
    return corrupt("a row contradicts itself");
  }
  return lessons;
}

}  // namespace banchu
