#include "app/arc_open.h"

#include <fmt/format.h>

#include "app/models.h"
#include "app/open.h"
#include "arc/plot_png.h"
#include "base/file.h"

namespace banchu {
namespace {

constexpr int kContextTokens = 1024;
constexpr int kSequences = 8;

}  // namespace

Result<ArcModel> open_arc_model(const AppContext& context, bool is_needed) {
  ArcModel open;
  if (context.options.model.empty() && !is_needed) return open;
  std::unique_ptr<Bag> bag;
  if (bag_exists(context)) {
    BANCHU_TRY(bag, open_bag(context, Bag::Access::read_only));
  }
  BANCHU_TRY(const std::filesystem::path path, find_model(context, bag.get(), nullptr));
  BANCHU_TRY(open.model, Model::load(path));
  SessionOptions options;
  options.threads = context.options.threads;
  options.context_tokens = kContextTokens;
  options.sequences = kSequences;
  BANCHU_TRY(open.session, Session::open(open.model, options));
  return open;
}

Result<ArcModel> open_probed_model(const AppContext& context, const std::string& probe_file) {
  if (!probe_file.empty() && context.options.model.empty()) {
    return make_error(Code::InvalidArgument, "--probe needs --model", "a probe reads the states of one model");
  }
  BANCHU_TRY(ArcModel open, open_arc_model(context, false));
  if (open.model != nullptr) {
    BANCHU_TRY(open.probe, open_probe(*open.model, probe_file));
  }
  return open;
}

std::filesystem::path probe_path(const std::string& model_digest) {
  return shared_models_folder().parent_path() / "probes" / (model_digest + ".json");
}

Result<std::shared_ptr<const Probe>> open_probe(const Model& model, const std::string& file) {
  std::error_code failed;
  const std::filesystem::path made = probe_path(model.digest());
  if (!file.empty() || std::filesystem::exists(made, failed)) {
    BANCHU_TRY(Probe probe, load_probe(file.empty() ? made : std::filesystem::path(file)));
    return std::shared_ptr<const Probe>(std::make_shared<Probe>(std::move(probe)));
  }
  std::optional<Probe> shipped = shipped_probe(model.digest());
  if (!shipped) return std::shared_ptr<const Probe>();
  return std::shared_ptr<const Probe>(std::make_shared<Probe>(std::move(*shipped)));
}

void add_probe_flag(CLI::App* verb, std::string& probe) {
  verb->add_option("--probe", probe, "An emotion probe made by `arc calibrate`, for the model of --model")
      ->type_name("FILE");
}

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
