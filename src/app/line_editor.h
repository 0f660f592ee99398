// Reads what a person types, a line at a time: with editing and a history (libedit) at a terminal, plainly from a
// pipe. The history lives in memory only.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/context.h"

namespace banchu {

class LineEditor {
 public:
  explicit LineEditor(AppContext& context);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  bool is_interactive() const { return editor_ != nullptr; }
  // Without the line's end. Nothing: the input has ended, or Ctrl-C was pressed (then context.cancel is set).
  std::optional<std::string> read(const std::string& prompt);

 private:
  struct Editor;
  AppContext* context_;
  std::unique_ptr<Editor> editor_;
  bool is_first_line_ = true;
};

}  // namespace banchu
