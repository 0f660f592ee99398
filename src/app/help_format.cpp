#include "app/help_format.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/catalogue.h"
#include "app/terminal.h"

namespace banchu {
namespace {

constexpr std::size_t kLeftColumns = 26;

std::string option_name(const CLI::Option& option) {
  if (!option.nonpositional()) return option.get_name(true);
  std::string name = option.get_name(false, true);
  std::replace(name.begin(), name.end(), ',', ' ');
  const std::string type = option.get_type_name();
  return option.get_items_expected_max() == 0 || type.empty() ? name : name + " " + type;
}

std::string full_name_of(const CLI::App& app) {
  if (app.get_parent() == nullptr) return app.get_name();
  return full_name_of(*app.get_parent()) + " " + app.get_name();
}

}  // namespace

void translate_table(CLI::App& app, Language language) {
  if (language == Language::en) return;
  app.description(translated(app.get_description(), language));
  app.footer(translated_lines(app.get_footer(), language));
  for (CLI::Option* option : app.get_options()) option->description(translated(option->get_description(), language));
  for (CLI::App* verb : app.get_subcommands([](CLI::App*) { return true; })) translate_table(*verb, language);
}

std::string HelpFormat::word(std::string_view english) const { return std::string(in_language(english, language_)); }

std::string HelpFormat::row(const std::string& left, const std::string& right) const {
  const std::string indent(kLeftColumns, ' ');
  std::string text = "  " + left;
  text += display_width(text) + 2 > kLeftColumns ? "\n" + indent : std::string(kLeftColumns - display_width(text), ' ');
  const std::size_t room = columns_ > kLeftColumns + 20 ? columns_ - kLeftColumns - 1 : 60;
  const std::vector<std::string> lines = wrapped(right, room);
  for (std::size_t i = 0; i < lines.size(); ++i) text += (i == 0 ? "" : "\n" + indent) + lines[i];
  while (text.ends_with(' ')) text.pop_back();
  return text + "\n";
}

std::string HelpFormat::usage(const CLI::App& app, const std::string& name) const {
  std::string line = word("Usage:") + " " + name;
  if (!app.get_subcommands([](const CLI::App*) { return true; }).empty()) {
    return line + " " + word("[options] verb ...") + "\n";
  }
  for (const CLI::Option* option : app.get_options()) {
    if (option->nonpositional()) continue;
    const std::string shown = option->get_name(true) + (option->get_items_expected_max() > 1 ? "..." : "");
    line += option->get_required() ? " " + shown : " [" + shown + "]";
  }
  return line + " [--...]\n";
}

std::string HelpFormat::options(const CLI::App& app, const std::string& title, bool positional) const {
  std::string rows;
  for (const CLI::Option* option : app.get_options()) {
    if (option->nonpositional() == positional || option->get_group().empty()) continue;
    std::string what = option->get_description();
    if (option->get_required()) what += fmt::format("{}({})", what.empty() ? "" : " ", word("required"));
    rows += row(option_name(*option), what);
  }
  return rows.empty() ? "" : "\n" + word(title) + "\n" + rows;
}

std::string HelpFormat::verbs(const CLI::App& app) const {
  std::string rows;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    rows += row(verb->get_name(), verb->get_description());
  }
  return rows.empty() ? "" : "\n" + word("Verbs:") + "\n" + rows;
}

std::string HelpFormat::make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const {
  const CLI::App* top = app;
  while (top->get_parent() != nullptr) top = top->get_parent();
  std::string text;
  for (const std::string& line : wrapped(app->get_description(), columns_ - 1)) text += line + "\n";
  text += usage(*app, full_name_of(*app));
  text += options(*app, "Positionals:", true);
  text += options(*app, app == top ? "Options for every verb:" : "Options:", false);
  text += verbs(*app);
  if (app != top) text += options(*top, "Options for every verb:", false);
  return text + "\n" + app->get_footer() + "\n";
}

}  // namespace banchu
