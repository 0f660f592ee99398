#include "model/template_parts.h"

#include <algorithm>

#include "base/text.h"

namespace banchu {
namespace {

// U+E000 and U+E001 are for private use: no template looks for them, none trims or re-cases them.
const std::string kMarkOpen = "\xEE\x80\x80";
const std::string kMarkClose = "\xEE\x80\x81";

std::string mark_of(std::size_t message) { return kMarkOpen + std::to_string(message) + kMarkClose; }

// The message whose mark stands in `text` at or behind `from`; `begin` and `end` of the mark.
struct FoundMark {
  std::size_t begin = 0;
  std::size_t end = 0;
  int message = -1;
};
std::optional<FoundMark> find_mark(const std::string& text, std::size_t from) {
  const std::size_t begin = text.find(kMarkOpen, from);
  const std::size_t close = begin == std::string::npos ? begin : text.find(kMarkClose, begin);
  if (close == std::string::npos) return std::nullopt;
  FoundMark found{begin, close + kMarkClose.size(), 0};
  for (std::size_t i = begin + kMarkOpen.size(); i < close; ++i) {
    if (text[i] < '0' || text[i] > '9' || found.message > 100'000) return std::nullopt;
    found.message = found.message * 10 + (text[i] - '0');
  }
  return found;
}

bool is_blank(const std::string& text) { return trim(text).empty(); }

// Walks the real rendering and the marked one side by side.
class Alignment {
 public:
  Alignment(std::span<const Message> messages, const std::vector<TemplatePart>& real,
            const std::vector<TemplatePart>& marked)
      : messages_(messages), real_(real), marked_(marked) {}

  // Nothing when the two renderings have different shapes.
  std::optional<std::vector<OwnedPart>> walk() {
    for (const TemplatePart& part : marked_) {
      const auto mark = find_mark(part.text, 0);
      if (!(mark ? take_marked(part, *mark) : take_same(part))) return std::nullopt;
    }
    while (at_ < real_.size() && real_[at_].text.empty()) ++at_;
    if (at_ != real_.size()) return std::nullopt;
    return std::move(owned_);
  }

 private:
  bool take_same(const TemplatePart& part) {
    if (part.text.empty()) return true;
    while (at_ < real_.size() && real_[at_].text.empty() && !real_[at_].from_message) ++at_;
    if (at_ == real_.size() || real_[at_].text != part.text) return false;
    owned_.push_back({real_[at_++].text, -1});
    return true;
  }

  bool take_marked(const TemplatePart& part, const FoundMark& mark) {
    if (static_cast<std::size_t>(mark.message) >= messages_.size()) return false;
    while (at_ < real_.size() && real_[at_].text.empty() && !real_[at_].from_message) ++at_;
    const bool whole = mark.begin == 0 && mark.end == part.text.size();
    if (whole && part.from_message) return take_content(mark.message);
    return !part.from_message && split(part.text);
  }

  bool take_content(int message) {
    const bool here = at_ < real_.size() && real_[at_].from_message;
    if (!here && !is_blank(messages_[static_cast<std::size_t>(message)].content)) return false;
    owned_.push_back({here ? real_[at_].text : "", message});
    if (here) ++at_;
    return true;
  }

  // The template joined content into its own text and lost the marking: the text around the mark tells it apart.
  bool split(const std::string& marked) {
    if (at_ == real_.size()) return false;
    const std::string& real = real_[at_++].text;
    const FoundMark mark = *find_mark(marked, 0);
    if (find_mark(marked, mark.end)) return false;  // two contents in one text: nobody can tell where one ends
    const std::string before = marked.substr(0, mark.begin);
    const std::string after = marked.substr(mark.end);
    if (real.size() < before.size() + after.size() || !real.starts_with(before) || !real.ends_with(after)) return false;
    owned_.push_back({before, -1});
    owned_.push_back({real.substr(before.size(), real.size() - before.size() - after.size()), mark.message});
    owned_.push_back({after, -1});
    return true;
  }

  std::span<const Message> messages_;
  const std::vector<TemplatePart>& real_;
  const std::vector<TemplatePart>& marked_;
  std::size_t at_ = 0;
  std::vector<OwnedPart> owned_;
};

// Without a second rendering of the same shape: templates write messages in their order.
std::vector<OwnedPart> by_order(std::span<const Message> messages, const std::vector<TemplatePart>& real) {
  std::vector<OwnedPart> owned;
  std::size_t next = 0;
  for (const TemplatePart& part : real) {
    OwnedPart piece{part.text, -1};
    if (part.from_message && !is_blank(part.text)) {
      const std::string wanted = trim(part.text);
      for (std::size_t i = next; i < messages.size() && piece.message < 0; ++i) {
        if (messages[i].content.find(wanted) != std::string::npos) piece.message = static_cast<int>(i);
      }
      // Changed on its way (a filter, say): still people's text.
      if (piece.message < 0) piece.message = static_cast<int>(std::min(next, messages.size() - 1));
      next = static_cast<std::size_t>(piece.message);
    }
    owned.push_back(std::move(piece));
  }
  return owned;
}

Status refuse_lost_marks(std::span<const Message> messages, const std::vector<TemplatePart>& real,
                         const std::function<bool(const std::string&)>& could_inject) {
  for (const Message& message : messages) {
    if (!could_inject(message.content)) continue;
    const std::string wanted = trim(message.content);
    for (const TemplatePart& part : real) {
      if (part.from_message || !could_inject(part.text) || part.text.find(wanted) == std::string::npos) continue;
      return make_error(Code::InvalidArgument,
                        "a message spells a control token, and the model's chat template would obey it",
                        "take the control token out of the message");
    }
  }
  return {};
}

std::vector<OwnedPart> joined(std::vector<OwnedPart> parts) {
  std::vector<OwnedPart> out;
  for (OwnedPart& part : parts) {
    if (part.message < 0 && part.text.empty()) continue;
    if (part.message < 0 && !out.empty() && out.back().message < 0) {
      out.back().text += part.text;
    } else {
      out.push_back(std::move(part));
    }
  }
  return out;
}

}  // namespace

Result<std::vector<OwnedPart>> render_owned(std::span<const Message> messages, const TemplateRunner& run,
                                            const std::function<bool(const std::string&)>& could_inject) {
  BANCHU_TRY(const std::vector<TemplatePart> real, run(messages));
  // First with every content marked, then (should an empty content have changed the shape) without the empty ones.
  for (const bool mark_blank : {true, false}) {
    std::vector<Message> marked(messages.begin(), messages.end());
    for (std::size_t i = 0; i < marked.size(); ++i) {
      if (mark_blank || !is_blank(marked[i].content)) marked[i].content = mark_of(i);
    }
    const auto rendering = run(marked);
    if (!rendering) continue;
    if (auto owned = Alignment(messages, real, *rendering).walk()) return joined(std::move(*owned));
  }
  BANCHU_TRY_STATUS(refuse_lost_marks(messages, real, could_inject));
  return joined(by_order(messages, real));
}

}  // namespace banchu
