// model inspect: what a model is, and what can be done with it on this machine.
#include <fmt/format.h>

#include "app/model_facts.h"
#include "app/open.h"
#include "app/progress_bar.h"
#include "app/verbs/model.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kKeyColumns = 17;

// A file, or a model of the bag by the beginning of its id.
Result<fs::path> named_file(const AppContext& context, const std::string& name) {
  AppContext named;
  named.options = context.options;
  named.options.model = name;
  std::unique_ptr<Bag> bag;
  if (bag_exists(context)) {
    BANCHU_TRY(bag, open_bag(context, Bag::Access::read_only));
  }
  return find_model(named, bag.get(), nullptr);
}

Json reason(const Status& status) { return status ? Json() : Json(status.error().message); }
Json bytes_or_null(const std::optional<std::uint64_t>& bytes) { return bytes ? Json(*bytes) : Json(); }

Json facts_to_json(const ModelFacts& facts) {
  const ModelInfo& info = facts.info;
  return {{"path", facts.path.string()},
          {"name", info.name},
          {"architecture", info.architecture},
          {"quantisation", info.quantisation},
          {"types", facts.types},
          {"bytes", info.bytes},
          {"parts", facts.parts},
          {"parameters", info.parameters},
          {"vocabulary", info.n_vocab},
          {"width", info.n_embd},
          {"layers", info.n_layer},
          {"heads", info.n_head},
          {"kv_heads", info.n_head_kv},
          {"context_tokens", info.context_tokens},
          {"chat_template", info.has_chat_template},
          {"template", facts.chat_template},
          {"license", info.license},
          {"can_talk", facts.can_talk.has_value()},
          {"why_it_cannot_talk", reason(facts.can_talk)},
          {"can_be_trained", facts.can_train.has_value()},
          {"why_not", reason(facts.can_train)},
          {"memory_bytes", facts.memory_bytes},
          {"talk_bytes", bytes_or_null(facts.talk_bytes)},
          {"talks_here", facts.talks_here()},
          {"night_bytes", bytes_or_null(facts.night_bytes)},
          {"grows_here", facts.grows_here()}};
}

// "210 Q4_1, 61 F32"
std::string types_line(const ModelFacts& facts) {
  std::string line;
  for (const auto& [type, count] : facts.types) line += fmt::format("{}{} {}", line.empty() ? "" : ", ", count, type);
  return line;
}

void print_facts(const AppContext& context, const ModelFacts& facts) {
  const ModelInfo& info = facts.info;
  const auto row = [&](const char* key, const std::string& value) {
    if (!value.empty()) context.print(pad_to(context.named(key), kKeyColumns) + value);
  };
  const auto count = [](std::uint64_t number) { return fmt::format("{}", number); };
  row("path", facts.path.string());
  row("name", info.name);
  row("architecture", info.architecture);
  row("quantisation", fmt::format("{} ({})", info.quantisation, types_line(facts)));
  row("bytes", format_bytes(info.bytes));
  if (facts.parts > 1) row("parts", count(facts.parts));
  row("parameters", count(info.parameters));
  row("vocabulary", count(info.n_vocab));
  row("width", count(info.n_embd));
  row("layers", count(info.n_layer));
  row("heads", count(info.n_head));
  row("kv_heads", count(info.n_head_kv));
  row("context_tokens", count(info.context_tokens));
  row("chat_template", context.named(facts.chat_template));
  row("license", info.license.empty() ? context.said("it says nothing") : info.license);
  context.print(talk_line(context, facts));
  context.print(grow_line(context, facts));
}

Result<int> run_inspect(AppContext& context, const std::string& name) {
  BANCHU_TRY(const fs::path path, named_file(context, name));
  BANCHU_TRY(const ModelFacts facts, model_facts(path));
  context.answer(facts_to_json(facts));
  print_facts(context, facts);
  return 0;
}

}  // namespace

void add_model_inspect_verb(CLI::App& model, AppContext& context) {
  auto name = std::make_shared<std::string>();
  CLI::App* verb = add_verb(model, "inspect", "What a model is, and whether it talks and grows on this machine",
                            "banchu model inspect model.gguf");
  verb->add_option("MODEL", *name, "A file, or the beginning of an id")->required();
  on_run(verb, context, [&context, name] { return run_inspect(context, *name); });
}

}  // namespace banchu
