// doctor: what is wrong here, why, and what mends it.
#include "app/doctor.h"

#include <fmt/format.h>

#include "app/verbs.h"

namespace banchu {
namespace {

constexpr std::size_t kIndent = 4;

Style style_of(Health health) {
  return health == Health::good ? Style::green : health == Health::note ? Style::yellow : Style::red;
}

void print_finding(const AppContext& context, const DoctorFinding& finding) {
  const char* mark = finding.health == Health::good ? "●" : finding.health == Health::note ? "◐" : "✗";
  context.print(fmt::format("{} {}", context.out.paint(style_of(finding.health), mark), finding.what));
  const std::string indent(kIndent, ' ');
  const std::string mend = finding.mend.empty() ? "" : "→ " + finding.mend + (finding.command.empty() ? "" : ":");
  for (const std::string& text : {finding.why, mend}) {
    if (text.empty()) continue;
    for (const std::string& line : wrapped(text, context.out.columns() - kIndent - 1)) context.print(indent + line);
  }
  // In one line however long, so that it can be copied.
  if (!finding.command.empty()) context.print(indent + (mend.empty() ? "→ " : "  ") + finding.command);
}

Result<int> run_doctor(AppContext& context) {
  const std::vector<DoctorFinding> findings = examine(context);
  Json list = Json::array();
  std::size_t wrong = 0;
  for (const DoctorFinding& finding : findings) {
    if (finding.health == Health::wrong) ++wrong;
    list.push_back({{"id", finding.id},
                    {"health", name_of(finding.health)},
                    {"what", finding.what},
                    {"why", finding.why},
                    {"mend", cure_of(finding)},
                    {"command", finding.command}});
    print_finding(context, finding);
  }
  context.answer({{"ok", wrong == 0}, {"version", BANCHU_VERSION}, {"findings", std::move(list)}});
  if (wrong == 0) {
    context.say("banchu {}: nothing is wrong here", BANCHU_VERSION);
  } else {
    context.say("banchu {}: {} things are wrong here; this page names nobody and may be pasted", BANCHU_VERSION, wrong);
  }
  return wrong == 0 ? 0 : kExitAnswerIsNo;
}

}  // namespace

void add_doctor_verbs(CLI::App& app, AppContext& context) {
  CLI::App* doctor = add_verb(app, "doctor", "What is wrong here, why, and what mends it", "banchu doctor");
  on_run(doctor, context, [&context] { return run_doctor(context); });
}

}  // namespace banchu
