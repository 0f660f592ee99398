#include "app/talk_commands.h"

#include <fmt/format.h>

#include <array>

#include "base/file.h"
#include "base/text.h"
#include "base/yaml.h"
#include "chat/sampling_table.h"

namespace banchu {
namespace {

constexpr std::array<std::string_view, 11> kNames = {"/set", "/show", "/save", "/persona", "/keep", "/strike",
                                                     "/fix", "/mode", "/help", "/bye",     "/regen"};

// "/fix TEXT": what is typed, and what it does.
constexpr std::array<std::string_view, 11> kHelp = {
    "  /mode [grow|sandbox]   growing keeps what is said; the sandbox leaves no trace",
    "  /persona [FILE]        wears another mask (YAML), or takes it off",
    "  /set KEY VALUE         temperature, top_p, seed, system, logit_bias.WORD ...",
    "  /show                  mask, sampling, self, how many turns were said",
    "  /save FILE             the mask and the sampling as a persona file",
    "  /keep                  the last reply may be taught",
    "  /fix TEXT              what the last reply should have been",
    "  /strike                the last turn is never taught",
    "  /regen                 another reply to the same message",
    "  \"\"\"                    begins and ends a message of several lines",
    "  /bye                   leaves (so does Ctrl-D); Ctrl-C stops a reply",
};

// "/set temperature 0.7" -> "/set", "temperature 0.7".
std::pair<std::string, std::string> first_word(const std::string& line) {
  const std::size_t space = line.find_first_of(" \t\n");
  if (space == std::string::npos) return {line, ""};
  return {line.substr(0, space), trim(line.substr(space))};
}

Status missing(const char* usage) { return make_error(Code::InvalidArgument, "something is missing", usage); }

}  // namespace

Result<TalkCommands::Next> TalkCommands::run(const std::string& line) {
  const auto [name, rest] = first_word(line);
  if (name == "/regen") return Next::regen;
  using Command = Status (TalkCommands::*)(const std::string&);
  constexpr std::array<Command, 10> kCommands = {
      &TalkCommands::set,    &TalkCommands::show, &TalkCommands::save, &TalkCommands::persona, &TalkCommands::keep,
      &TalkCommands::strike, &TalkCommands::fix,  &TalkCommands::mode, &TalkCommands::help,    &TalkCommands::bye};
  for (std::size_t i = 0; i < kCommands.size(); ++i) {
    if (name != kNames[i]) continue;
    BANCHU_TRY_STATUS((this->*kCommands[i])(rest));
    return Next::read;
  }
  const std::string near = nearest(name, kNames);
  return make_error(Code::InvalidArgument, fmt::format("there is no command {}; /help shows them all", name), near);
}

Status TalkCommands::set(const std::string& rest) {
  if (rest.empty()) return show(rest);
  const auto [key, value] = first_word(rest);
  Persona persona = talk_->conversation().persona();
  BANCHU_TRY_STATUS(set_persona_value(persona, key, value));
  talk_->set_persona(std::move(persona));
  context_->note(fmt::format("{} = {}", key, value));
  return {};
}

Status TalkCommands::show(const std::string&) {
  const Persona& persona = talk_->conversation().persona();
  const std::vector<PastTurn>& history = talk_->conversation().history();
  context_->note(view_->status(context_->err, 0));
  const auto row = [this](std::string_view name, const std::string& value) {
    context_->note("  " + pad_to(context_->named(name), 20) + " " + value);
  };
  row("conversation", talk_->conversation().id());
  row("turns", std::to_string(history.size()));
  row("name", persona.name.empty() ? "-" : persona.name);
  row("system", persona.system.empty() ? "-" : shorten(persona.system, 200));
  row("few_shot", std::to_string(persona.few_shot.size() / 2));
  for (const Knob& knob : knobs()) {
    const std::string what = fmt::format("{} .. {}   {}", knob.low, knob.high, context_->named(knob.what));
    row(knob.name, fmt::format("{:<8} {}", format_knob(knob, persona.sampling), context_->err.paint(Style::dim, what)));
  }
  row("seed", persona.seed ? std::to_string(*persona.seed) : "-");
  for (const WordBias& bias : persona.sampling.word_bias) {
    context_->note(fmt::format("  {:<20} {:g}", "logit_bias." + bias.word, bias.bias));
  }
  for (const std::string& stop : persona.sampling.stop) row("stop", stop);
  return {};
}

Status TalkCommands::save(const std::string& rest) {
  if (rest.empty()) return missing("/save FILE");
  std::error_code failure;
  if (std::filesystem::exists(rest, failure)) {
    return make_error(Code::AlreadyExists, rest + " is there already", "choose another name");
  }
  BANCHU_TRY_STATUS(write_file_atomic(rest, persona_to_yaml(talk_->conversation().persona())));
  context_->note(context_->said("saved as {}", rest));
  return {};
}

Status TalkCommands::persona(const std::string& rest) {
  Persona persona;
  if (!rest.empty()) {
    BANCHU_TRY(persona, load_persona(rest));
  }
  const std::string name = persona.name.empty() ? rest : persona.name;
  talk_->set_persona(std::move(persona));
  context_->note(rest.empty() ? context_->named("wears no mask from here on")
                              : context_->said("wears the mask \"{}\" from here on", name));
  return {};
}

Status TalkCommands::keep(const std::string&) {
  BANCHU_TRY_STATUS(talk_->mark_last(EntryMark::kept));
  context_->note(context_->named("kept: this reply may be taught"));
  return {};
}

Status TalkCommands::strike(const std::string&) {
  BANCHU_TRY_STATUS(talk_->mark_last(EntryMark::struck));
  context_->note(context_->named("struck: it will never be taught, and it is out of this conversation"));
  return {};
}

Status TalkCommands::fix(const std::string& rest) {
  if (rest.empty()) return missing("/fix what it should have said");
  BANCHU_TRY_STATUS(check_utf8(rest, "the reply"));
  BANCHU_TRY_STATUS(talk_->mark_last(EntryMark::fixed, rest));
  context_->note(context_->named("fixed: from here on this is what was said"));
  return {};
}

Status TalkCommands::mode(const std::string& rest) {
  if (!rest.empty() && rest != "grow" && rest != "sandbox") return missing("/mode grow, /mode sandbox");
  const bool grows = rest.empty() ? !talk_->grows() : rest == "grow";
  BANCHU_TRY_STATUS(talk_->set_growing(grows));
  context_->note(view_->status(context_->err, 0));
  context_->note(view_->meaning_of_mode());
  return {};
}

Status TalkCommands::help(const std::string&) {
  for (const std::string_view line : kHelp) context_->note(context_->named(line));
  return {};
}

Status TalkCommands::bye(const std::string&) {
  is_over_ = true;
  return {};
}

}  // namespace banchu
