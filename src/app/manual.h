// The manual page and the shells' completions, both from the one table of verbs.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace banchu {

std::string manual_page(const CLI::App& app);                                  // roff, section 1
std::string completion_script(const CLI::App& app, const std::string& shell);  // bash, zsh, fish

}  // namespace banchu
