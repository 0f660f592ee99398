// guide: eight steps from a stranger to one's own companion, each with a picture of the reader's own run.
#include "app/guide.h"

#include <fmt/format.h>

#include <sstream>

#include "app/arc_open.h"
#include "app/guide_pictures.h"
#include "app/verbs.h"

namespace banchu {
namespace {

struct GuideFlags {
  std::string step;
  std::string picture;
  std::string words = "the lion lives in the";
};

void print_part(const AppContext& context, const GuidePart& part) {
  const std::string indent = part.is_code ? "    " : part.text.starts_with("- ") ? "  " : "";
  if (!part.is_code) {
    for (const std::string& line : wrapped(part.text, context.out.columns() - indent.size() - 1))
      context.print(indent + line);
    return context.print("");
  }
  std::istringstream lines(part.text);
  for (std::string line; std::getline(lines, line);) context.print(context.out.paint(Style::cyan, indent + line));
  context.print("");
}

Json step_to_json(const GuideStep& step) {
  Json commands = Json::array();
  std::string text;
  for (const GuidePart& part : step.parts) {
    if (part.is_code) commands.push_back(part.text);
    if (!part.is_code) text += part.text + "\n\n";
  }
  return {{"title", step.title}, {"text", std::move(text)}, {"commands", std::move(commands)}};
}

Result<int> list_steps(const AppContext& context) {
  const Guide& guide = guide_in(context.language);
  Json steps = Json::array();
  context.print(context.out.paint(Style::bold, guide.title));
  context.print("");
  for (const GuidePart& part : guide.opening.parts) print_part(context, part);
  for (const GuideStep& step : guide.steps) {
    steps.push_back(step_to_json(step));
    context.print("  " + step.title);
  }
  const int next = next_step(context);
  context.print("");
  context.say("go on with: banchu guide {}", next);
  context.answer({{"steps", std::move(steps)}, {"next", next}});
  return 0;
}

Result<int> run_guide(AppContext& context, const GuideFlags& flags) {
  if (flags.step.empty()) return list_steps(context);
  BANCHU_TRY(const int number, guide_step(flags.step));
  if (!flags.picture.empty()) {
    BANCHU_TRY(const Drawing draw, guide_drawing(context, number, flags.words));
    BANCHU_TRY_STATUS(write_picture(context, flags.picture, draw));
    context.say("drawn: {}", flags.picture);
    context.answer({{"step", number}, {"picture", flags.picture}});
    return 0;
  }
  const GuideStep& step = guide_in(context.language).steps[static_cast<std::size_t>(number - 1)];
  Json answer = step_to_json(step);
  answer["step"] = number;
  context.answer(answer);
  context.print(context.out.paint(Style::bold, step.title));
  context.print("");
  for (const GuidePart& part : step.parts) print_part(context, part);
  return 0;
}

}  // namespace

void add_guide_verbs(CLI::App& app, AppContext& context) {
  auto flags = std::make_shared<GuideFlags>();
  CLI::App* guide = add_verb(app, "guide", "Eight steps from a stranger to your own companion, learned by doing",
                             "banchu guide 1\n  banchu guide 6 --picture overfitting.svg");
  guide->add_option("STEP", flags->step, "1 to 8; without it, all of them and where you are");
  guide->add_option("--picture", flags->picture, "Draws this step's picture from your own bag: .svg or .png")
      ->type_name("FILE");
  guide->add_option("--text", flags->words, "Step 1: the beginning of a sentence")->capture_default_str();
  on_run(guide, context, [&context, flags] { return run_guide(context, *flags); });
}

}  // namespace banchu
