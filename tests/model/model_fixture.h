// The real default model for tests that need one.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "model/model.h"

namespace banchu {

inline std::filesystem::path default_model_path() {
  const char* home = std::getenv("BANCHU_HOME");
  const char* user = std::getenv("HOME");
  const std::filesystem::path base = home != nullptr
                                         ? std::filesystem::path(home)
                                         : std::filesystem::path(user == nullptr ? "/" : user) / ".local/share/banchu";
  return base / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf";
}

// Loaded once for the whole program; a test skips when the file is not there.
class RealModelTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(default_model_path())) GTEST_SKIP() << default_model_path() << " is not there";
    static const std::shared_ptr<Model> loaded = [] {
      auto result = Model::load(default_model_path());
      return result ? *result : nullptr;
    }();
    ASSERT_NE(loaded, nullptr);
    model_ = loaded;
  }
  std::unique_ptr<Session> open(int context_tokens = 1024, int sequences = 1) const {
    // One thread: two that wait for each other on a busy machine take many times as long.
    auto session = Session::open(model_, {1, context_tokens, sequences});
    EXPECT_TRUE(session) << (session ? "" : session.error().message);
    return session ? std::move(*session) : nullptr;
  }
  std::vector<Token> prompt(const std::string& user) const {
    const std::vector<Message> messages = {{Role::user, user}};
    return model_->chat_template().render(messages, true).value().tokens;
  }

  std::shared_ptr<Model> model_;
};

}  // namespace banchu
