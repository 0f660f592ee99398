// The table of verbs. To add one: write `void add_x_verbs(CLI::App&, AppContext&)` in src/app/verbs/x.cpp, declare it
// here, name it in kVerbs (cli.cpp). Help, man page and shell completion come from what it registers.
//
//   void add_bag_verbs(CLI::App& app, AppContext& context) {
//     auto options = std::make_shared<ShowOptions>();              // lives as long as the registered action
//     CLI::App* show = add_verb(app, "show", "Shows it", "banchu bag show --json");
//     show->add_flag("--full", options->full, "...");
//     on_run(show, context, [&context, options] { return run_show(context, *options); });
//   }
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "app/context.h"
#include "base/result.h"

namespace banchu {

// A verb's body: answers its exit code, or an error that the frame prints and maps. A plain int is fine as well.
using Action = std::function<Result<int>()>;

// A verb below `parent`; `example` is shown by its --help.
CLI::App* add_verb(CLI::App& parent, const std::string& name, const std::string& what, const std::string& example);
// A verb that only holds others ("bag", "self"): one of them must be given.
CLI::App* add_group(CLI::App& parent, const std::string& name, const std::string& what, const std::string& example);
// `action` runs after the whole command line has been read and found good.
void on_run(CLI::App* verb, AppContext& context, Action action);

void add_chat_verbs(CLI::App& app, AppContext& context);
void add_journal_verbs(CLI::App& app, AppContext& context);
void add_memory_verbs(CLI::App& app, AppContext& context);
void add_self_verbs(CLI::App& app, AppContext& context);
void add_self_taste_verb(CLI::App& self, AppContext& context);  // add_self_verbs calls it
void add_bag_verbs(CLI::App& app, AppContext& context);
void add_model_verbs(CLI::App& app, AppContext& context);
void add_model_recommend_verb(CLI::App& model, AppContext& context);  // add_model_verbs calls it
void add_import_verbs(CLI::App& app, AppContext& context);
void add_export_verbs(CLI::App& app, AppContext& context);
void add_bench_verbs(CLI::App& app, AppContext& context);
void add_arc_verbs(CLI::App& app, AppContext& context);
// Below `arc` and `arc golden`; add_arc_verbs calls them.
void add_arc_plot_verb(CLI::App& arc, AppContext& context);
void add_arc_compare_verb(CLI::App& arc, AppContext& context);
void add_arc_calibrate_verb(CLI::App& arc, AppContext& context);
void add_arc_golden_verbs(CLI::App& arc, AppContext& context);
void add_arc_golden_make_verb(CLI::App& golden, AppContext& context);
void add_explain_verbs(CLI::App& app, AppContext& context);
void add_trouble_verbs(CLI::App& app, AppContext& context);
void add_guide_verbs(CLI::App& app, AppContext& context);
void add_plan_verbs(CLI::App& app, AppContext& context);
void add_doctor_verbs(CLI::App& app, AppContext& context);
void add_serve_verbs(CLI::App& app, AppContext& context);
void add_shell_verbs(CLI::App& app, AppContext& context);  // completion, man
void add_night_verbs(CLI::App& app, AppContext& context);  // night, ruminate, train, evaluate, promote

}  // namespace banchu
