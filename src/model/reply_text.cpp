#include "model/reply_text.h"

#include <algorithm>

#include "base/text.h"
#include "model/valid_utf8.h"

namespace banchu {
namespace {

// How many bytes at the end of `text` are a proper beginning of `stop`.
std::size_t begun(std::string_view text, std::string_view stop) {
  for (std::size_t size = std::min(text.size(), stop.empty() ? 0 : stop.size() - 1); size > 0; --size) {
    if (text.ends_with(stop.substr(0, size))) return size;
  }
  return 0;
}

}  // namespace

void ReplyText::push(std::string_view piece) {
  begins_.push_back(raw_.size());
  searched_ = raw_.size();
  raw_ += piece;
}

void ReplyText::truncate(std::size_t count) {
  if (count >= begins_.size()) return;
  raw_.resize(begins_[count]);
  begins_.resize(count);
  BANCHU_CHECK(sent_ <= raw_.size(), "text that was sent cannot be taken back");
}

std::optional<std::size_t> ReplyText::find_stop() const {
  std::size_t first = std::string::npos;
  for (const std::string& stop : stop_) {
    if (stop.empty()) continue;
    const std::size_t from = searched_ >= stop.size() ? searched_ - stop.size() + 1 : 0;
    first = std::min(first, raw_.find(stop, from));
  }
  return first == std::string::npos ? std::nullopt : std::optional(first);
}

void ReplyText::flush(std::size_t hold) {
  std::size_t held = incomplete_utf8_tail(raw_);
  for (const std::string& stop : stop_) held = std::max(held, begun(raw_, stop));
  send_until(std::min(raw_.size() - held, hold));
}

void ReplyText::send_until(std::size_t end) {
  // Never inside a character.
  while (end > sent_ && end < raw_.size() && (static_cast<unsigned char>(raw_[end]) & 0xC0) == 0x80) --end;
  if (end <= sent_) return;
  const std::string clean = valid_utf8(std::string_view(raw_).substr(sent_, end - sent_));
  sent_ = end;
  clean_ += clean;
  if (sink_) sink_(clean);
}

std::string ReplyText::finish(std::size_t end) {
  end = std::min(end, raw_.size());
  end -= incomplete_utf8_tail(std::string_view(raw_).substr(0, end));
  send_until(end);
  return clean_;
}

std::size_t ReplyText::token_at(std::size_t offset) const {
  const auto behind = std::upper_bound(begins_.begin(), begins_.end(), offset);
  return behind == begins_.begin() ? 0 : static_cast<std::size_t>(behind - begins_.begin()) - 1;
}

}  // namespace banchu
