#include "app/manual.h"

#include <fmt/format.h>

#include <functional>
#include <vector>

namespace banchu {
namespace {

std::vector<const CLI::App*> verbs_of(const CLI::App& app) {
  std::vector<const CLI::App*> verbs;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) verbs.push_back(verb);
  return verbs;
}

// Every verb with its full name, groups included, in the order of the table.
void walk(const CLI::App& app, const std::string& name,
          const std::function<void(const CLI::App&, const std::string&)>& see) {
  see(app, name);
  for (const CLI::App* verb : verbs_of(app))
    walk(*verb, name.empty() ? verb->get_name() : name + " " + verb->get_name(), see);
}

std::string roff(std::string text) {
  for (std::size_t at = 0; (at = text.find_first_of("\\-", at)) != std::string::npos; at += 2) text.insert(at, "\\");
  std::string lines;
  bool begins = true;
  for (const char c : text) {
    if (begins && (c == '.' || c == '\'')) lines += "\\&";
    begins = c == '\n';
    lines += c;
  }
  return lines;
}

std::string options_text(const CLI::App& app) {
  std::string text;
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = option->nonpositional() ? option->get_name(false, true) : option->get_name(true);
    text += fmt::format(".TP\n.B {}\n{}\n", roff(name), roff(option->get_description()));
  }
  return text;
}

std::string words_of(const CLI::App& app) {
  std::string words;
  for (const CLI::App* verb : verbs_of(app)) words += verb->get_name() + " ";
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words += "--" + name + " ";
  }
  if (!words.empty()) words.pop_back();
  return words;
}

// A `case` branch for every place in the table: what may come next there.
std::string bash_cases(const CLI::App& app) {
  const std::string global = words_of(app).substr(words_of(app).find("--"));
  std::string cases;
  walk(app, "", [&](const CLI::App& at, const std::string& name) {
    const std::string more = name.empty() ? "" : " " + global;
    cases += fmt::format("    \"{}\") words=\"{}{}\" ;;\n", name, words_of(at), more);
  });
  return cases;
}

std::string bash_script(const CLI::App& app) {
  return "_banchu() {\n"
         "  local at=\"\" words=\"\" word i\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    word=${COMP_WORDS[i]}\n"
         "    case \"$word\" in --bag|--model|--seed|--threads|--lang|--now) ((i++)) ;; -*) ;; *) at=\"${at:+$at "
         "}$word\" ;; esac\n"
         "  done\n"
         "  case \"$at\" in\n" +
         bash_cases(app) +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
         "  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
         "}\n"
         "complete -F _banchu banchu\n";
}

std::string fish_quoted(std::string text) {
  for (std::size_t at = 0; (at = text.find_first_of("'\\", at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return "'" + text + "'";
}

std::string fish_script(const CLI::App& app) {
  std::string script;
  walk(app, "", [&](const CLI::App& at, const std::string& name) {
    const std::string last = name.substr(name.rfind(' ') + 1);
    const std::string here = name.empty() ? "__fish_use_subcommand" : "__fish_seen_subcommand_from " + last;
    for (const CLI::App* verb : verbs_of(at)) {
      script += fmt::format("complete -c banchu -f -n '{}' -a {} -d {}\n", here, verb->get_name(),
                            fish_quoted(verb->get_description()));
    }
    for (const CLI::Option* option : at.get_options()) {
      for (const std::string& flag : option->get_lnames()) {
        const std::string where = name.empty() ? "" : fmt::format(" -n '{}'", here);
        script +=
            fmt::format("complete -c banchu{} -l {} -d {}\n", where, flag, fish_quoted(option->get_description()));
      }
    }
  });
  return script;
}

}  // namespace

std::string manual_page(const CLI::App& app) {
  std::string page = fmt::format(".TH BANCHU 1\n.SH NAME\nbanchu \\- {}\n.SH SYNOPSIS\n.B banchu\n[options] verb ...\n",
                                 roff(app.get_description()));
  page += ".SH OPTIONS\n" + options_text(app) + ".SH VERBS\n";
  walk(app, "", [&](const CLI::App& verb, const std::string& name) {
    if (name.empty()) return;
    page += fmt::format(".SS {}\n{}\n", roff(name), roff(verb.get_description()));
    if (!verbs_of(verb).empty()) return;
    page += options_text(verb);
    if (!verb.get_footer().empty()) page += fmt::format(".PP\n.nf\n{}\n.fi\n", roff(verb.get_footer()));
  });
  return page + fmt::format(".SH \"EXIT STATUS\"\n{}\n", roff(app.get_footer()));
}

std::string completion_script(const CLI::App& app, const std::string& shell) {
  if (shell == "fish") return fish_script(app);
  // zsh runs bash's completions once bashcompinit is loaded.
  return (shell == "zsh" ? "#compdef banchu\nautoload -U +X bashcompinit && bashcompinit\n" : "") + bash_script(app);
}

}  // namespace banchu
