#include "serve/hearing.h"

namespace banchu {

Listener Hearing::listener_of(std::shared_ptr<Hearing> hearing) {
  Listener listener;
  listener.on_text = [hearing](std::string_view text) {
    {
      const std::scoped_lock lock(hearing->mutex_);
      hearing->text_ += text;
    }
    hearing->changed_.notify_one();
  };
  listener.on_end = [hearing](Result<Completion> completion, const std::string& self) {
    {
      const std::scoped_lock lock(hearing->mutex_);
      hearing->ended_ = std::move(completion);
      hearing->self_ = self;
    }
    hearing->changed_.notify_one();
  };
  return listener;
}

Hearing::Heard Hearing::take(std::chrono::milliseconds most) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, most, [this] { return !text_.empty() || ended_; });
  Heard heard{std::move(text_), ended_, self_};
  text_.clear();
  return heard;
}

}  // namespace banchu
