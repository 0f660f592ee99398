// model recommend: what this machine can talk with and grow overnight.
#include <fmt/format.h>

#include "app/progress_bar.h"
#include "app/recommend.h"
#include "app/verbs.h"
#include "base/file.h"
#include "train/memory.h"

namespace banchu {
namespace {

struct RecommendFlags {
  std::string catalogue;
  bool all = false;
  bool korean = false;
};

Json row_to_json(const Recommendation& row) {
  return {{"name", row.model.name},
          {"billions", row.model.billions},
          {"architecture", row.model.architecture},
          {"korean", row.model.korean},
          {"licence", row.model.licence},
          {"from", row.model.from},
          {"talk_bytes", row.talk_bytes},
          {"can_talk", row.can_talk},
          {"night_bytes", row.night_bytes > 0 ? Json(row.night_bytes) : Json()},
          {"can_grow", row.can_grow}};
}

void print_row(const AppContext& context, const Recommendation& row) {
  const std::string talk = row.can_talk ? context.said("talks: {}", format_bytes(row.talk_bytes))
                                        : context.said("too large: {}", format_bytes(row.talk_bytes));
  const std::string grow = row.can_grow           ? context.said("grows: {}", format_bytes(row.night_bytes))
                           : row.night_bytes == 0 ? context.said("grows: not yet")
                                                  : context.said("grows: needs {}", format_bytes(row.night_bytes));
  context.print(pad_to(row.model.name, 27) + pad_to(fmt::format("{:.2g}B", row.model.billions), 7) + pad_to(talk, 18) +
                pad_to(grow, 22));
  context.print("  " + context.said("Korean: {}   licence: {}   from: {}", context.named(row.model.korean),
                                    row.model.licence, row.model.from));
}

Result<int> run_recommend(AppContext& context, const RecommendFlags& flags) {
  std::string yaml(shipped_models_yaml());
  if (!flags.catalogue.empty()) {
    BANCHU_TRY(yaml, read_file(flags.catalogue, 1 << 22));
  }
  BANCHU_TRY(const std::vector<KnownModel> models,
             known_models_from_yaml(yaml, flags.catalogue.empty() ? "the shipped catalogue" : flags.catalogue));
  const std::uint64_t memory = lora::available_memory_bytes();
  BANCHU_TRY(const std::vector<Recommendation> rows, recommend(models, memory));
  context.say("this machine has {} free", format_bytes(memory));
  Json list = Json::array();
  for (const Recommendation& row : rows) {
    if (!flags.all && !row.can_talk) continue;
    if (flags.korean && row.model.korean == "little") continue;
    list.push_back(row_to_json(row));
    print_row(context, row);
  }
  context.answer({{"memory_bytes", memory}, {"models", std::move(list)}});
  context.say("bring one as a GGUF file (q4_k_m): banchu model pull hf:OWNER/REPOSITORY/FILE");
  return 0;
}

}  // namespace

void add_model_recommend_verb(CLI::App& model, AppContext& context) {
  auto flags = std::make_shared<RecommendFlags>();
  CLI::App* verb = add_verb(model, "recommend", "What this machine can talk with and grow overnight",
                            "banchu model recommend --korean");
  verb->add_flag("--all", flags->all, "Also those that do not fit");
  verb->add_flag("--korean", flags->korean, "Only those that understand Korean");
  verb->add_option("--catalogue", flags->catalogue, "Your own list of models (YAML)")->type_name("FILE");
  on_run(verb, context, [&context, flags] { return run_recommend(context, *flags); });
}

}  // namespace banchu
