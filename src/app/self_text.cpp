#include "app/self_text.h"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "app/progress_bar.h"
#include "evaluate/report_text.h"
#include "promote/run_store.h"

namespace banchu {
namespace {

constexpr std::size_t kShownDigits = 12;

Json adapters_to_json(const Self& self) {
  Json adapters = Json::array();
  for (const SelfAdapter& adapter : self.adapters) {
    adapters.push_back({{"digest", adapter.digest}, {"scale", adapter.scale}});
  }
  return adapters;
}

Json at(const Json& object, const char* key) { return object.is_object() ? object.value(key, Json()) : Json(); }

Json checks_of(const LivedSelf& lived) {
  const Json checks = at(at(lived.night, "report"), "checks");
  return checks.is_array() ? checks : Json::array();
}

std::string number_text(const Json& number) {
  return number.is_number() ? fmt::format("{:.4g}", number.get<double>()) : "–";
}

std::string check_name(const AppContext& context, const Json& check) {
  return shown_name(string_at(check, "name"), context.language == Language::ko ? "ko" : "en");
}

Json missing_from(const Json& adapters, const Json& others) {
  Json only = Json::array();
  for (const Json& adapter : adapters) {
    if (std::find(others.begin(), others.end(), adapter) == others.end()) only.push_back(adapter);
  }
  return only;
}

}  // namespace

Result<std::vector<LivedSelf>> lived_selves(Bag& bag) {
  BANCHU_TRY(std::vector<Self> selves, SelfStore(bag).list());
  BANCHU_TRY(const std::vector<NightRun> runs, RunStore(bag).list());
  std::map<std::string, const Json*> bodies;
  for (const NightRun& run : runs) bodies[run.id] = &run.body;
  std::vector<LivedSelf> lived;
  for (Self& self : selves) {
    const auto body = bodies.find(self.run);
    lived.push_back({std::move(self), body == bodies.end() ? Json() : *body->second});
  }
  return lived;
}

Json self_to_json(const LivedSelf& lived) {
  const Self& self = lived.self;
  return Json{{"id", self.id},
              {"parent", self.parent.empty() ? Json() : Json(self.parent)},
              {"base", self.base},
              {"adapters", adapters_to_json(self)},
              {"created", format_time(self.created)},
              {"awake", self.awake},
              {"run", self.run.empty() ? Json() : Json(self.run)},
              {"report", at(lived.night, "report")},
              {"receipt", at(lived.night, "receipt")},
              {"morning", at(lived.night, "morning")}};
}

std::string self_line(const AppContext& context, const LivedSelf& lived) {
  const Self& self = lived.self;
  const bool is_adopted = self.run.empty() && !self.adapters.empty();
  const std::size_t nights = self.adapters.size();
  const std::string what = nights == 0   ? context.said("as the model came")
                           : is_adopted  ? context.said("imported")
                           : nights == 1 ? context.said("1 night engraved")
                                         : context.said("{} nights engraved", nights);
  return fmt::format("{} {}  {}  {}{}",
                     context.out.paint(self.awake ? Style::green : Style::plain, self.awake ? "●" : "○"), self.id,
                     format_time(self.created), what, self.awake ? "  " + context.said("awake") : "");
}

std::vector<std::string> night_lines(const AppContext& context, const LivedSelf& lived) {
  std::vector<std::string> lines;
  const std::string morning = string_at(lived.night, "morning");
  if (!morning.empty()) lines.push_back(morning);
  const Json receipt = at(lived.night, "receipt");
  if (receipt.is_object()) {
    lines.push_back(context.said("cost {} · {:.0f} tokens trained", format_seconds(number_at(receipt, "seconds")),
                                 number_at(receipt, "tokens_trained")));
  }
  for (const Json& check : checks_of(lived)) {
    lines.push_back(fmt::format("{}  {} → {}", check_name(context, check), number_text(at(check, "before")),
                                number_text(at(check, "after"))));
  }
  return lines;
}

Json self_difference(const LivedSelf& a, const LivedSelf& b) {
  const Json of_a = adapters_to_json(a.self), of_b = adapters_to_json(b.self);
  Json checks = Json::array();
  for (const Json& check : checks_of(b)) {
    Json row = {{"name", string_at(check, "name")}, {"a", Json()}, {"b", at(check, "after")}};
    for (const Json& other : checks_of(a)) {
      if (other.value("name", "") == check.value("name", "")) row["a"] = at(other, "after");
    }
    checks.push_back(std::move(row));
  }
  return Json{{"a", a.self.id},
              {"b", b.self.id},
              {"base_differs", a.self.base != b.self.base},
              {"only_in_a", missing_from(of_a, of_b)},
              {"only_in_b", missing_from(of_b, of_a)},
              {"checks", std::move(checks)}};
}

std::string adapter_line(const AppContext& context, const Json& adapter) {
  return context.said("adapter {} at scale {}", string_at(adapter, "digest").substr(0, kShownDigits),
                      number_text(at(adapter, "scale")));
}

std::string check_difference_line(const AppContext& context, const Json& check) {
  return fmt::format("{}  {} → {}", check_name(context, check), number_text(at(check, "a")),
                     number_text(at(check, "b")));
}

}  // namespace banchu
