#include "app/guide_pictures.h"

#include <fmt/format.h>

#include <cmath>

#include "app/night.h"
#include "app/night_text.h"
#include "app/open.h"
#include "app/picture.h"
#include "app/plan_night.h"
#include "app/progress_bar.h"
#include "app/self_text.h"
#include "base/text.h"
#include "evaluate/report_text.h"
#include "plan/chat_need.h"
#include "promote/run_store.h"
#include "train/memory.h"

namespace banchu {
namespace {

constexpr int kNextWords = 10;
constexpr std::int64_t kTalkTokens = 4096;
constexpr std::size_t kMostChecks = 14;

Drawing bars(PictureFrame frame, std::vector<PictureBar> list) {
  return [frame = std::move(frame), list = std::move(list)](bool can_draw_hangul) {
    PictureFrame own = frame;
    own.can_draw_hangul = can_draw_hangul;
    return bars_picture(own, list);
  };
}

Error nothing_yet(const char* what, const char* command) {
  return make_error(Code::FailedPrecondition, fmt::format("there is nothing to draw yet: {}", what),
                    fmt::format("do this first: {}", command));
}

// What the awake self would say next, and how surely: all that a model does.
Result<Drawing> draw_next_word(const AppContext& context, const std::string& words) {
  CompanionOptions options;
  options.access = Bag::Access::read_only;
  options.needs_bag = false;
  BANCHU_TRY(const Companion companion, open_companion(context, options));
  const Tokenizer& tokenizer = companion.model->tokenizer();
  ScoreRequest request;
  request.tokens = tokenizer.encode(words);
  if (request.tokens.empty()) return make_error(Code::InvalidArgument, "the message is empty", "say something");
  request.positions = {static_cast<std::uint32_t>(request.tokens.size())};
  request.tokens.push_back(request.tokens.back());  // the place whose word is asked for
  BANCHU_TRY(const std::vector<Score> scores, companion.session->score({&request, 1}, kNextWords, {}, &context.cancel));
  std::vector<PictureBar> list;
  const TopK& top = scores[0].top[0];
  for (std::size_t i = 0; i < top.ids.size(); ++i) {
    const double share = std::exp(static_cast<double>(top.logprobs[i]));
    const std::string piece = tokenizer.piece(top.ids[i]);
    list.push_back({is_valid_utf8(piece) && !trim(piece).empty() ? trim(piece) : "·",
                    fmt::format("{:.1f} %", 100 * share),
                    share,
                    {},
                    false});
  }
  return bars({context.said("what comes after \"{}\"", shorten(words, 40)),
               context.named("a model knows only this: how likely each next piece of a word is"), true},
              std::move(list));
}

Result<Drawing> draw_fit(const AppContext& context) {
  std::unique_ptr<Bag> bag;
  if (bag_exists(context)) {
    BANCHU_TRY(bag, open_bag(context, Bag::Access::read_only));
  }
  BANCHU_TRY(const std::filesystem::path path, find_model(context, bag.get(), nullptr));
  BANCHU_TRY(const auto file, GgufFile::open(path));
  BANCHU_TRY(const plan::Shape shape, plan::shape_from_gguf(*file));
  const plan::ChatNeed talk = plan::chat_need(shape, kTalkTokens);
  BANCHU_TRY(const NightNeed night, night_need(shape, {}));
  const std::uint64_t here = lora::available_memory_bytes();
  const auto bar = [&](const std::string& label, std::uint64_t bytes) {
    return PictureBar{label, format_bytes(bytes), static_cast<double>(bytes), {}, bytes > here};
  };
  return bars({context.said("what {} takes on this machine", shape.name), context.named("red: it does not fit"), true},
              {bar(context.named("weights"), talk.weights), bar(context.named("memory of a talk"), talk.kv),
               bar(context.named("a talk in all"), talk.total()), bar(context.named("a night, at least"), night.least),
               bar(context.named("a night, in comfort"), night.comfortable), bar(context.named("free here"), here)});
}

Result<Drawing> draw_day(const AppContext& context) {
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_only));
  BANCHU_TRY(const Recipe recipe, load_recipe("", bag->folder()));
  BANCHU_TRY(const Chewed chewed, look_at_the_day(*bag, recipe));
  if (chewed.entries.empty()) return nothing_yet("no talk since the last night", "banchu journal add FILE.jsonl");
  std::vector<PictureBar> list;
  for (const CountedReason& counted : counted_reasons(chewed, context.language)) {
    list.push_back(
        {counted.name, std::to_string(counted.count), static_cast<double>(counted.count), {}, counted.is_left_out});
  }
  return bars({context.said("{} turns, sorted before the night", chewed.entries.size()),
               context.named("red: left out, and the reason why"), true},
              std::move(list));
}

// The newest night whose record has `key`.
Result<Json> newest_with(const AppContext& context, const char* key, const char* what, const char* command) {
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_only));
  BANCHU_TRY(const std::vector<NightRun> runs, RunStore(*bag).list());
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    if (run->body.contains(key) && run->body[key].is_object()) return run->body[key];
  }
  return nothing_yet(what, command);
}

Result<Drawing> draw_split(const AppContext& context) {
  BANCHU_TRY(const Json lessons, newest_with(context, "lessons", "no lessons were made yet", "banchu ruminate"));
  const auto bar = [&](const std::string& label, const char* key) {
    const double rows = number_at(lessons, key);
    return PictureBar{label, fmt::format("{:.0f}", rows), rows, {}, false};
  };
  return bars({context.named("the lessons, split by conversation"),
               context.named("what is tested is never trained on, and never chosen by"), true},
              {bar(context.named("to learn from"), "train"), bar(context.named("to stop by"), "valid"),
               bar(context.named("to test with"), "test")});
}

// Loss on what is learned beside loss on what is not: where they part, learning by heart begins.
Result<Drawing> draw_curve(const AppContext& context) {
  BANCHU_TRY(const Json train, newest_with(context, "train", "no night has trained yet", "banchu night"));
  PictureLine learned{context.named("loss on what it learns"), {}, false};
  PictureLine unseen{context.named("loss on what it never saw"), {}, true};
  for (const Json& point : train.value("curve", Json::array())) {
    const double step = number_at(point, "step");
    learned.points.push_back({step, number_at(point, "loss")});
    if (point.contains("valid_loss")) unseen.points.push_back({step, number_at(point, "valid_loss")});
  }
  if (learned.points.empty()) return nothing_yet("no night has trained yet", "banchu night");
  std::optional<PictureMark> mark;
  if (!unseen.points.empty()) {
    const auto best = std::min_element(unseen.points.begin(), unseen.points.end(),
                                       [](const PlotPoint& a, const PlotPoint& b) { return a.y < b.y; });
    mark = PictureMark{*best, context.said("best at step {:.0f}: this one is kept", best->x)};
  }
  const PictureFrame frame{context.named("how a night learned"),
                           context.named("where the lines part, it begins to learn by heart"), true};
  return Drawing([=, step = context.named("step")](bool can_draw_hangul) {
    PictureFrame own = frame;
    own.can_draw_hangul = can_draw_hangul;
    return lines_picture(own, step, {learned, unseen}, mark);
  });
}

std::string shown_value(const Check& check, double value) {
  if (!std::isfinite(value)) return "–";
  return check.unit == "share" ? fmt::format("{:.0f} %", 100 * value) : fmt::format("{:.2f}", value);
}

Result<Drawing> draw_report(const AppContext& context) {
  BANCHU_TRY(const Json json, newest_with(context, "report", "no night was measured yet", "banchu night"));
  BANCHU_TRY(const Report report, report_from_json(json));
  std::vector<PictureBar> list;
  for (const Check& check : report.checks) {
    if (!check.gates() || list.size() == kMostChecks) continue;
    // Shares stand on one scale, 0 to 1; every other line has one of its own.
    const double most = std::max({std::abs(check.before), std::abs(check.after), 1e-9});
    const double scale = check.unit == "share" ? 1 : most;
    const auto length = [&](double value) { return std::isfinite(value) ? std::abs(value) / scale : 0; };
    list.push_back({shown_name(check.name, context.language == Language::ko ? "ko" : "en"),
                    fmt::format("{} → {}", shown_value(check, check.before), shown_value(check, check.after)),
                    length(check.after), length(check.before), !check.ok()});
  }
  if (list.empty()) return nothing_yet("no night was measured yet", "banchu night");
  return bars({context.named("measured before and after the night"),
               context.named("grey: the old self; coloured: the new one; red: the gate said no"), true},
              std::move(list));
}

Result<Drawing> draw_life(const AppContext& context) {
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_only));
  BANCHU_TRY(const std::vector<LivedSelf> selves, lived_selves(*bag));
  PictureLine plain{shown_name("general loss", context.language == Language::ko ? "ko" : "en"), {}, false};
  for (const LivedSelf& lived : selves) {
    if (!lived.night.is_object() || !lived.night.contains("report")) continue;
    for (const Json& check : lived.night["report"].value("checks", Json::array())) {
      if (string_at(check, "name") != "general loss") continue;
      if (plain.points.empty()) plain.points.push_back({0, number_at(check, "before")});
      plain.points.push_back({static_cast<double>(plain.points.size()), number_at(check, "after")});
    }
  }
  if (plain.points.empty()) return nothing_yet("nobody grew in this bag yet", "banchu night");
  const PictureFrame frame{context.said("{} nights of this companion", plain.points.size() - 1),
                           context.named("lower: it still speaks plainly; a line that climbs forgets"), true};
  return Drawing([=, nights = context.named("nights")](bool can_draw_hangul) {
    PictureFrame own = frame;
    own.can_draw_hangul = can_draw_hangul;
    return lines_picture(own, nights, {plain}, std::nullopt);
  });
}

}  // namespace

Result<Drawing> guide_drawing(const AppContext& context, int step, const std::string& words) {
  switch (step) {
    case 1:
      return draw_next_word(context, words);
    case 2:
      return draw_fit(context);
    case 3:
      return draw_day(context);
    case 4:
      return draw_split(context);
    case 5:
    case 6:
      return draw_curve(context);
    case 7:
      return draw_report(context);
    default:
      return draw_life(context);
  }
}

}  // namespace banchu
