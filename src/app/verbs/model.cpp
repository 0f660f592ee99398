// model list, add, remove.
#include "app/verbs/model.h"

#include <fmt/format.h>

#include <set>

#include "app/open.h"
#include "app/progress_bar.h"
#include "model/model_digest.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kShownDigits = 12;

struct ModelFlags {
  std::string file;
  bool copy = false;
};

struct ListedModel {
  fs::path path;
  std::string digest;
  ModelInfo info;
  bool is_default = false;
};

Json model_to_json(const ListedModel& model) {
  return Json{{"id", model.digest.substr(0, kShownDigits)},
              {"path", model.path.string()},
              {"digest", model.digest},
              {"name", model.info.name},
              {"architecture", model.info.architecture},
              {"quantisation", model.info.quantisation},
              {"bytes", model.info.bytes},
              {"default", model.is_default}};
}

std::string model_line(const ListedModel& model) {
  return fmt::format("{}{}  {} {}  {}  {}  {}", model.is_default ? "● " : "  ", model.digest.substr(0, kShownDigits),
                     model.info.name, model.info.quantisation, model.info.architecture, format_bytes(model.info.bytes),
                     model.path.string());
}

Result<ListedModel> describe(const fs::path& path, const std::string& digest) {
  BANCHU_TRY(const auto file, GgufFile::open(path));
  ListedModel model{path, digest, {}, false};
  BANCHU_TRY(model.info, model_info(*file));
  return model;
}

// The bag's links first, then what lies in the shared folder beside them. A damaged file is named and left out.
Result<std::vector<ListedModel>> find_models(const AppContext& context) {
  std::vector<std::pair<fs::path, std::string>> files;
  std::string chosen;
  std::set<std::string> seen;
  if (bag_exists(context)) {
    BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_only));
    for (const std::string& digest : linked_models(*bag)) files.emplace_back(link_path(*bag, digest), digest);
    BANCHU_TRY(chosen, default_model_of(*bag));
    BANCHU_TRY(const std::optional<Self> self, awake_self(*bag));
    if (self) chosen = self->base;
  }
  for (const fs::path& file : shared_models()) files.emplace_back(file, "");
  std::vector<ListedModel> models;
  for (auto& [path, digest] : files) {
    if (digest.empty()) {
      BANCHU_TRY(digest, model_digest(path));
    }
    if (seen.contains(digest)) continue;
    Result<ListedModel> model = describe(path, digest);
    if (!model) {
      context.note(fmt::format("{}: {}", path.string(), translated(model.error().message, context.language)));
      continue;
    }
    seen.insert(digest);
    model->is_default = digest == chosen || (chosen.empty() && path.filename() == kDefaultModelFile);
    models.push_back(std::move(*model));
  }
  return models;
}

Result<int> run_list(AppContext& context) {
  BANCHU_TRY(const std::vector<ListedModel> models, find_models(context));
  Json list = Json::array();
  for (const ListedModel& model : models) {
    list.push_back(model_to_json(model));
    context.print(model_line(model));
  }
  context.answer({{"models", std::move(list)}});
  if (models.empty())
    context.say("no models; `./start --setup` fetches the default one, `banchu model pull` any other");
  return 0;
}

Result<int> run_add(AppContext& context, const ModelFlags& flags) {
  BANCHU_TRY(ListedModel model, describe(flags.file, ""));
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_write));
  BANCHU_TRY(model.digest, model_digest(flags.file));
  BANCHU_TRY_STATUS(link_model(*bag, flags.file, model.digest, flags.copy));
  BANCHU_TRY(const std::string known, default_model_of(*bag));
  if (known.empty()) {
    BANCHU_TRY_STATUS(set_default_model(*bag, model.digest));
  }
  model.is_default = known.empty() || known == model.digest;
  model.path = link_path(*bag, model.digest);
  context.answer(model_to_json(model));
  context.print(model_line(model));
  return 0;
}

Result<int> run_remove(AppContext& context, const ModelFlags& flags) {
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_write));
  BANCHU_TRY(const std::string digest, find_linked_model(*bag, flags.file));
  BANCHU_TRY(const std::vector<Self> selves, SelfStore(*bag).list());
  for (const Self& self : selves) {
    if (self.base != digest) continue;
    return make_error(Code::FailedPrecondition,
                      fmt::format("self {} stands on the model {}", self.id, digest.substr(0, kShownDigits)),
                      "a bag keeps the models of its selves");
  }
  std::error_code failure;
  fs::remove(link_path(*bag, digest), failure);
  if (failure)
    return make_error(Code::FailedPrecondition, fmt::format("could not remove {}: {}", digest, failure.message()));
  BANCHU_TRY(const std::string known, default_model_of(*bag));
  if (known == digest) BANCHU_TRY_STATUS(set_default_model(*bag, ""));
  context.answer({{"removed", digest}});
  context.say("removed {} from the bag", digest.substr(0, kShownDigits));
  return 0;
}

}  // namespace

void add_model_verbs(CLI::App& app, AppContext& context) {
  CLI::App* group = add_group(app, "model", "GGUF files, by digest", "banchu model list");
  auto flags = std::make_shared<ModelFlags>();
  on_run(add_verb(*group, "list", "Those of the bag and of the shared folder", "banchu model list --json"), context,
         [&context] { return run_list(context); });

  add_model_recommend_verb(*group, context);
  add_model_pull_verb(*group, context);

  CLI::App* add = add_verb(*group, "add", "Links a GGUF file into the bag", "banchu model add ~/models/qwen.gguf");
  add->add_option("FILE", flags->file)->required();
  add->add_flag("--copy", flags->copy, "Copies it instead, for a bag that travels");
  on_run(add, context, [&context, flags] { return run_add(context, *flags); });

  add_model_inspect_verb(*group, context);

  CLI::App* remove = add_verb(*group, "remove", "Takes a model out of the bag", "banchu model remove b179");
  remove->add_option("ID", flags->file)->required();
  on_run(remove, context, [&context, flags] { return run_remove(context, *flags); });
}

}  // namespace banchu
