// What the arc verbs share: the dials, the standard in force, a language model with its probe, and pictures written by
// their file's ending.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "app/context.h"
#include "arc/arc.h"
#include "arc/golden.h"
#include "base/result.h"

namespace banchu {

// The language model that --model brings in, and what reads its states.
struct ArcModel {
  std::shared_ptr<Model> model;
  std::unique_ptr<Session> session;    // null: none was asked for
  std::shared_ptr<const Probe> probe;  // null: none is known for it
};
// `is_needed`: without --model, the bag's or the shared folder's default. NotFound, and those of Session::open.
Result<ArcModel> open_arc_model(const AppContext& context, bool is_needed);
// For a score: with its probe, if there is one. --probe without --model is InvalidArgument.
Result<ArcModel> open_probed_model(const AppContext& context, const std::string& probe_file);
// --probe, else the one that calibrate made for this model, else the one that comes with the program, else null.
Result<std::shared_ptr<const Probe>> open_probe(const Model& model, const std::string& file);
// Where calibrate puts a model's probe: beside the shared models' folder.
std::filesystem::path probe_path(const std::string& model_digest);

struct ArcDials {
  double gamma = 1;
  double tau = 1;
  std::string golden;  // "": the episodes that come with the program
};
void add_arc_dials(CLI::App* verb, ArcDials& dials);
void add_probe_flag(CLI::App* verb, std::string& probe);

Result<GoldenSet> open_golden(const ArcDials& dials);
// Calibrated on the golden set in force. Seconds.
Result<std::shared_ptr<const Standard>> open_standard(const AppContext& context, const ArcDials& dials);
ArcOptions arc_options(AppContext& context, const ArcDials& dials);

// Draws and writes `path`, .svg or .png. `draw(can_draw_hangul)` makes the SVG; where no font of the machine has
// Hangul, a PNG is drawn without it and a note says so.
Status write_picture(const AppContext& context, const std::filesystem::path& path,
                     const std::function<std::string(bool can_draw_hangul)>& draw);

}  // namespace banchu
