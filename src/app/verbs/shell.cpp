// completion and man: both written from the table that the verbs registered.
#include <fmt/format.h>

#include "app/manual.h"
#include "app/verbs.h"

namespace banchu {

void add_shell_verbs(CLI::App& app, AppContext& context) {
  auto shell = std::make_shared<std::string>();
  CLI::App* completion = add_verb(app, "completion", "Completion for a shell",
                                  "banchu completion bash > ~/.local/share/bash-completion/completions/banchu");
  completion->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  on_run(completion, context, [&app, &context, shell] {
    const std::string script = completion_script(app, *shell);
    context.answer({{"shell", *shell}, {"script", script}});
    if (!context.options.json) context.out.write(script);
    return 0;
  });

  CLI::App* man = add_verb(app, "man", "The manual page, as roff", "banchu man | man -l -");
  on_run(man, context, [&app, &context] {
    const std::string page = manual_page(app);
    context.answer({{"page", page}});
    if (!context.options.json) context.out.write(page);
    return 0;
  });
}

}  // namespace banchu
