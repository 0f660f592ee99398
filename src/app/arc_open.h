// What the arc verbs share: the dials, the standard in force, and pictures written by their file's ending.
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

struct ArcDials {
  double gamma = 1;
  double tau = 1;
  std::string golden;  // "": the episodes that come with the program
};
void add_arc_dials(CLI::App* verb, ArcDials& dials);

Result<GoldenSet> open_golden(const ArcDials& dials);
// Calibrated on the golden set in force. Seconds.
Result<std::shared_ptr<const Standard>> open_standard(const AppContext& context, const ArcDials& dials);
ArcOptions arc_options(AppContext& context, const ArcDials& dials);

// Draws and writes `path`, .svg or .png. `draw(can_draw_hangul)` makes the SVG; where no font of the machine has
// Hangul, a PNG is drawn without it and a note says so.
Status write_picture(const AppContext& context, const std::filesystem::path& path,
                     const std::function<std::string(bool can_draw_hangul)>& draw);

}  // namespace banchu
