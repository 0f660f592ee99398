// Private to model/: the text of a reply while it grows token by token: where each token begins, where a stop
// sequence stands, and how much of the text is certain.
//
// Pure but for the sink. Offsets are bytes of the raw text (the tokens' pieces joined).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/model.h"

namespace banchu {

class ReplyText {
 public:
  ReplyText(std::vector<std::string> stop, TextSink sink) : stop_(std::move(stop)), sink_(std::move(sink)) {}

  void push(std::string_view piece);
  // Forgets the tokens behind the first `count`. They must not have been sent.
  void truncate(std::size_t count);
  // Where the first stop sequence begins, when one stands in the text.
  std::optional<std::size_t> find_stop() const;
  // Sends what is certain: no half character, nothing that could begin a stop sequence, nothing at or behind `hold`.
  void flush(std::size_t hold);
  // The text ends at `end`: sends the rest and returns all of it as valid UTF-8.
  std::string finish(std::size_t end);

  const std::string& raw() const { return raw_; }
  std::size_t token_begin(std::size_t token) const { return begins_[token]; }
  // The token in which byte `offset` lies.
  std::size_t token_at(std::size_t offset) const;

 private:
  void send_until(std::size_t end);

  std::vector<std::string> stop_;
  TextSink sink_;
  std::string raw_;
  std::vector<std::size_t> begins_;
  std::size_t searched_ = 0;  // no stop sequence ends at or before here
  std::size_t sent_ = 0;
  std::string clean_;  // what was sent
};

}  // namespace banchu
