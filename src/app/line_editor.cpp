#include "app/line_editor.h"

#include <histedit.h>
#include <unistd.h>

#include <cerrno>
#include <cwchar>
#include <iostream>
#include <string_view>
#include <utility>

namespace banchu {
namespace {

constexpr int kHistoryLines = 500;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

void drop_line_end(std::string& line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
}

}  // namespace

struct LineEditor::Editor {
  EditLine* line = nullptr;
  History* history = nullptr;
  std::string prompt;
  const CancelFlag* cancel = nullptr;

  ~Editor() {
    if (line != nullptr) el_end(line);
    if (history != nullptr) history_end(history);
  }

  static Editor& of(EditLine* line) {
    void* data = nullptr;
    el_get(line, EL_CLIENTDATA, &data);
    return *static_cast<Editor*>(data);
  }
  static char* prompt_of(EditLine* line) { return of(line).prompt.data(); }

  // libedit's own reader goes on after a signal; this one lets Ctrl-C end the line.
  static int read_character(EditLine* line, wchar_t* character) {
    std::mbstate_t state{};
    while (true) {
      char byte = 0;
      const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
      if (got < 0 && errno == EINTR && !is_cancelled(of(line).cancel)) continue;
      if (got <= 0) return static_cast<int>(got);
      const std::size_t used = std::mbrtowc(character, &byte, 1, &state);
      if (used == static_cast<std::size_t>(-2)) continue;  // a character of several bytes, not complete yet
      if (used != static_cast<std::size_t>(-1)) return 1;
      state = {};
    }
  }
};

LineEditor::LineEditor(AppContext& context) : context_(&context) {
  if (isatty(STDIN_FILENO) == 0 || !context.out.is_terminal()) return;
  editor_ = std::make_unique<Editor>();
  editor_->cancel = &context.cancel;
  editor_->line = el_init("banchu", stdin, stdout, stderr);
  editor_->history = history_init();
  HistEvent event;
  history(editor_->history, &event, H_SETSIZE, kHistoryLines);
  history(editor_->history, &event, H_SETUNIQUE, 1);
  el_set(editor_->line, EL_CLIENTDATA, editor_.get());
  el_set(editor_->line, EL_PROMPT_ESC, &Editor::prompt_of, '\1');
  el_set(editor_->line, EL_EDITOR, "emacs");
  el_set(editor_->line, EL_HIST, ::history, editor_->history);
  el_set(editor_->line, EL_GETCFN, &Editor::read_character);
}

LineEditor::~LineEditor() = default;

std::optional<std::string> LineEditor::read(const std::string& prompt) {
  std::string line;
  if (editor_ == nullptr) {
    if (!std::getline(std::cin, line)) return std::nullopt;
    drop_line_end(line);  // a file from another system ends its lines with CR LF, and may begin with a mark
    if (std::exchange(is_first_line_, false) && line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
    return line;
  }
  editor_->prompt = prompt;
  int length = 0;
  const char* typed = el_gets(editor_->line, &length);
  if (typed == nullptr || length <= 0) return std::nullopt;
  line.assign(typed, static_cast<std::size_t>(length));
  drop_line_end(line);
  HistEvent event;
  if (!line.empty()) history(editor_->history, &event, H_ENTER, line.c_str());
  return line;
}

}  // namespace banchu
