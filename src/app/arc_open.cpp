#include "app/arc_open.h"

#include <fmt/format.h>

#include "arc/plot_png.h"
#include "base/file.h"

namespace banchu {

void add_arc_dials(CLI::App* verb, ArcDials& dials) {
  verb->add_option("--gamma", dials.gamma, "Weight of the story's inertia, 0 to 8")->capture_default_str();
  verb->add_option("--tau", dials.tau, "How prominent a peak must be, 0.05 to 5")->capture_default_str();
  verb->add_option("--golden", dials.golden, "Your own golden set instead of the shipped one")->type_name("FILE");
}

Result<GoldenSet> open_golden(const ArcDials& dials) {
  return dials.golden.empty() ? shipped_golden() : load_golden(dials.golden);
}

Result<std::shared_ptr<const Standard>> open_standard(const AppContext& context, const ArcDials& dials) {
  BANCHU_TRY(const GoldenSet set, open_golden(dials));
  context.note(context.said("calibrating on {} golden episodes", set.stories.size()));
  BANCHU_TRY(Standard standard, calibrate_standard(episodes_of(set), set.digest));
  return std::shared_ptr<const Standard>(std::make_shared<Standard>(std::move(standard)));
}

ArcOptions arc_options(AppContext& context, const ArcDials& dials) {
  ArcOptions options;
  options.gamma = dials.gamma;
  options.tau = dials.tau;
  options.seed = context.seed_or(options.seed);
  options.cancel = &context.cancel;
  return options;
}

Status write_picture(const AppContext& context, const std::filesystem::path& path,
                     const std::function<std::string(bool)>& draw) {
  const std::string ending = path.extension().string();
  if (ending == ".svg") return write_file_atomic(path, draw(true));
  if (ending != ".png")
    return make_error(Code::InvalidArgument, fmt::format("\"{}\" is no picture's name", path.string()),
                      "let it end in .svg or .png");
  const bool has_hangul = has_hangul_font();
  if (!has_hangul)
    context.note(
        context.named("no font of this machine has Hangul, so Korean text is left out of the PNG; install "
                      "fonts-nanum, or write an .svg"));
  BANCHU_TRY(const std::string png, svg_to_png(draw(has_hangul)));
  return write_file_atomic(path, png);
}

}  // namespace banchu
