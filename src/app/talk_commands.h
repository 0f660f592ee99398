// The slash commands of a conversation: /set /show /save /persona /keep /strike /fix /mode /regen /bye /help.
#pragma once

#include <string>

#include "app/context.h"
#include "app/talk.h"
#include "app/talk_view.h"

namespace banchu {

class TalkCommands {
 public:
  enum class Next { read, regen };

  TalkCommands(AppContext& context, Talk& talk, TalkView& view) : context_(&context), talk_(&talk), view_(&view) {}

  // `line` begins with '/'. Errors: InvalidArgument (no such command, with the nearest one), those of what it does.
  Result<Next> run(const std::string& line);
  bool is_over() const { return is_over_; }

 private:
  Status set(const std::string& rest);
  Status show(const std::string& rest);
  Status save(const std::string& rest);
  Status persona(const std::string& rest);
  Status keep(const std::string& rest);
  Status strike(const std::string& rest);
  Status fix(const std::string& rest);
  Status mode(const std::string& rest);
  Status help(const std::string& rest);
  Status bye(const std::string& rest);

  AppContext* context_;
  Talk* talk_;
  TalkView* view_;
  bool is_over_ = false;
};

}  // namespace banchu
