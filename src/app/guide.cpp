#include "app/guide.h"

#include <fmt/format.h>

#include "app/open.h"
#include "base/check.h"
#include "base/text.h"
#include "embedded/docs.h"
#include "journal/journal.h"
#include "promote/run_store.h"

namespace banchu {
namespace {

constexpr std::size_t kSteps = 8;

// Reads Markdown as the guide uses it: headings, paragraphs, lists, fenced code. Emphasis is for the page alone.
class GuideReader {
 public:
  Guide read(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      take(std::string(text.substr(0, end)));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    close();
    return std::move(guide_);
  }

 private:
  GuideStep& step() { return guide_.steps.empty() ? guide_.opening : guide_.steps.back(); }

  void close() {
    if (!part_.text.empty()) step().parts.push_back(std::move(part_));
    part_ = {};
  }

  void take(const std::string& line) {
    if (line.starts_with("```")) {
      const bool begins = !part_.is_code;
      close();
      part_.is_code = begins;
    } else if (part_.is_code) {
      part_.text += line + "\n";
    } else if (line.starts_with("# ")) {
      guide_.title = line.substr(2);
    } else if (line.starts_with("## ")) {
      close();
      guide_.steps.push_back({line.substr(3), {}});
    } else {
      take_words(line);
    }
  }

  void take_words(const std::string& line) {
    if (trim(line).empty() || line.starts_with("- ")) close();
    if (trim(line).empty()) return;
    if (!part_.text.empty()) part_.text += ' ';
    part_.text += without_stars(trim(line));
  }

  static std::string without_stars(std::string text) {
    for (std::size_t at = text.find("**"); at != std::string::npos; at = text.find("**")) text.erase(at, 2);
    return text;
  }

  Guide guide_;
  GuidePart part_;
};

Guide read_guide(std::string_view text) {
  Guide guide = GuideReader().read(text);
  BANCHU_CHECK(guide.steps.size() == kSteps, "the guide has eight steps");
  return guide;
}

}  // namespace

const Guide& guide_in(Language language) {
  static const Guide english = read_guide(embedded::docs_guide_en_md);
  static const Guide korean = read_guide(embedded::docs_guide_ko_md);
  return language == Language::ko ? korean : english;
}

Result<int> guide_step(const std::string& word) {
  if (word.size() == 1 && word[0] >= '1' && word[0] <= '8') return word[0] - '0';
  return make_error(Code::NotFound, fmt::format("the guide has no step \"{}\"", shorten(word, 20)),
                    "steps are 1 to 8; `banchu guide` lists them");
}

int next_step(const AppContext& context) {
  if (!bag_exists(context)) return 1;
  const auto bag = open_bag(context, Bag::Access::read_only);
  if (!bag) return 1;
  const auto entries = Journal(**bag).entries();
  if (!entries || entries->empty()) return 3;
  const auto runs = RunStore(**bag).list();
  if (!runs || runs->empty()) return 4;
  const Json& last = runs->back().body;
  return last.contains("report") ? 6 : 5;
}

}  // namespace banchu
