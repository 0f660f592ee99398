#include "app/first_lessons.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "app/open.h"
#include "base/rng.h"
#include "base/text.h"
#include "exchange/first_data.h"
#include "journal/journal.h"
#include "journal/jsonl.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMostLessons = 10000;  // more than any night can chew
constexpr std::size_t kShownLessons = 3;
constexpr std::size_t kShownCharacters = 60;
// As people read them; in the order of SkipReason.
constexpr std::array<std::string_view, 5> kReasons = {"empty", "too long", "the same again", "neither UTF-8 nor CP949",
                                                      "too few columns"};

// The first lessons, or a sample of all (algorithm R: each of n lessons stays with probability size / n), in their
// order.
class Basket {
 public:
  Basket(std::uint64_t sample, std::uint64_t seed) : sample_(sample), rng_(seed, "first data") {}

  Status put(const FirstLesson& lesson) {
    if (shown.size() < kShownLessons) shown.push_back(lesson);
    const std::uint64_t number = seen_++;
    const std::size_t room = sample_ > 0 ? static_cast<std::size_t>(sample_) : kMostLessons;
    if (kept_.size() < room) {
      kept_.emplace_back(number, lesson);
    } else if (const std::uint64_t place = sample_ > 0 ? rng_.below(seen_) : room; place < room) {
      kept_[place] = {number, lesson};
    }
    return {};
  }
  bool overflows() const { return sample_ == 0 && seen_ > kMostLessons; }
  std::vector<std::pair<std::uint64_t, FirstLesson>> take() {
    std::sort(kept_.begin(), kept_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    return std::move(kept_);
  }
  std::size_t size() const { return kept_.size(); }

  std::vector<FirstLesson> shown;

 private:
  std::uint64_t sample_;
  Rng rng_;
  std::uint64_t seen_ = 0;
  std::vector<std::pair<std::uint64_t, FirstLesson>> kept_;
};

Json data_to_json(const FirstData& data, const Basket& basket) {
  Json skipped = Json::object();
  for (const SkipReason reason : kSkipReasons) {
    const Skipped& left = data.left_out(reason);
    if (left.count > 0) skipped[name_of(reason)] = {{"count", left.count}, {"first", left.where}};
  }
  Json first = Json::array();
  for (const FirstLesson& lesson : basket.shown)
    first.push_back({{"where", lesson.where}, {"question", lesson.question}, {"answer", lesson.answer}});
  return {{"format", data.format},       {"encoding", data.encoding}, {"other_encoding", data.other_encoding},
          {"separator", data.separator}, {"header", data.has_header}, {"rows", data.rows},
          {"lessons", data.lessons},     {"taken", basket.size()},    {"skipped", std::move(skipped)},
          {"first", std::move(first)}};
}

std::string shown_place(const AppContext& context, const std::string& where) {
  if (where.starts_with("row ")) return context.said("row {}", where.substr(4));
  return translated(where, context.language);
}

std::string shown_separator(const AppContext& context, const std::string& separator) {
  return context.named(separator == "," ? "comma" : separator == ";" ? "semicolon" : separator);
}

std::string shown_line(const std::string& text) {
  std::string line = shorten(text, kShownCharacters);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

void print_preview(const AppContext& context, const FirstData& data, const Basket& basket) {
  if (data.format == "csv") {
    context.say("{} rows, separated by {}, {}: {} lessons", data.rows, shown_separator(context, data.separator),
                data.encoding, data.lessons);
    if (!data.has_header) context.say("  no header was recognised: the first column asks, the second answers");
  } else {
    context.say("{} texts: {} lessons", data.rows, data.lessons);
  }
  for (const FirstLesson& lesson : basket.shown) {
    context.print("  " + shown_place(context, lesson.where));
    context.print(fmt::format("    {} ▸ {}", context.named("you"), shown_line(lesson.question)));
    context.print(fmt::format("    {} ▸ {}", context.named("banchu"), shown_line(lesson.answer)));
  }
  for (const SkipReason reason : kSkipReasons) {
    const Skipped& left = data.left_out(reason);
    if (left.count == 0) continue;
    std::string where;
    for (const std::string& one : left.where) where += (where.empty() ? "" : ", ") + shown_place(context, one);
    if (left.count > left.where.size()) where += ", ...";
    context.say("  left out, {}: {} ({})", context.named(kReasons[static_cast<std::size_t>(reason)]), left.count,
                where);
  }
  for (const std::string& other : data.other_encoding) context.print("  " + translated(other, context.language));
}

Status check_size(const FirstData& data, const Basket& basket) {
  if (data.lessons == 0)
    return make_error(Code::InvalidArgument, "nothing of it can become a lesson", "the lines above say why");
  if (!basket.overflows()) return {};
  return make_error(Code::InvalidArgument,
                    fmt::format("{} lessons are more than nights can chew ({})", data.lessons, kMostLessons),
                    "take some of them, drawn evenly: --sample 1000");
}

Result<Journal::Added> add(AppContext& context, const FirstLessonFlags& flags, Basket& basket) {
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_write));
  std::vector<AddedConversation> conversations;
  for (auto& [number, lesson] : basket.take()) {
    std::vector<Message> messages = {{Role::user, std::move(lesson.question)},
                                     {Role::assistant, std::move(lesson.answer)}};
    BANCHU_TRY(AddedConversation one, conversation_of(std::move(messages), !flags.review, now(), lesson.where));
    conversations.push_back(std::move(one));
  }
  return Journal(*bag).add(conversations);
}

Result<FirstData> read(const AppContext& context, const FirstLessonFlags& flags, Basket& basket) {
  const LessonSink sink = [&basket](const FirstLesson& lesson) { return basket.put(lesson); };
  std::error_code failure;
  if (fs::is_directory(flags.file, failure)) return read_text_folder(flags.file, sink, &context.cancel);
  return read_question_table(flags.file, sink, &context.cancel);
}

}  // namespace

bool is_first_data(const fs::path& file) {
  std::error_code failure;
  const std::string extension = fold(file.extension().string());
  return extension == ".csv" || extension == ".tsv" || fs::is_directory(file, failure);
}

Result<int> add_first_lessons(AppContext& context, const FirstLessonFlags& flags) {
  Basket basket(flags.sample, context.seed_or(1));
  BANCHU_TRY(const FirstData data, read(context, flags, basket));
  print_preview(context, data, basket);
  Json answer = data_to_json(data, basket);
  if (flags.preview) {
    if (const Status fits = check_size(data, basket); !fits)
      context.note(translated(fits.error().message, context.language));
    context.answer(answer);
    return 0;
  }
  BANCHU_TRY_STATUS(check_size(data, basket));
  BANCHU_TRY(const Journal::Added added, add(context, flags, basket));
  answer["conversations"] = added.conversations;
  answer["turns"] = added.turns;
  answer["already_there"] = added.already_there;
  context.answer(answer);
  context.say("{} lessons added", added.conversations);
  if (added.already_there > 0) context.say("{} were there already", added.already_there);
  if (flags.review) context.say("the next night sets them aside for your word: banchu memory review");
  return 0;
}

}  // namespace banchu
