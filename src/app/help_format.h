// How --help looks: what a verb does, how it is written, its options in two columns, the example; in the user's
// language and never wider than the window (Hangul takes two columns). The table of verbs and the man page stay
// CLI11's.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "app/language.h"

namespace banchu {

// Puts every description and footer of the whole tree into `language`.
void translate_table(CLI::App& app, Language language);

class HelpFormat : public CLI::FormatterBase {
 public:
  HelpFormat(Language language, std::size_t columns) : language_(language), columns_(columns) {}
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;

 private:
  std::string word(std::string_view english) const;
  std::string usage(const CLI::App& app, const std::string& name) const;
  std::string options(const CLI::App& app, const std::string& title, bool positional) const;
  std::string verbs(const CLI::App& app) const;
  std::string row(const std::string& left, const std::string& right) const;

  Language language_;
  std::size_t columns_;
};

}  // namespace banchu
