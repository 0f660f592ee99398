// bag init, show, verify.
#include <fmt/format.h>

#include <map>

#include "app/open.h"
#include "app/progress_bar.h"
#include "app/verbs.h"
#include "base/file.h"
#include "journal/journal.h"
#include "model/model_digest.h"
#include "ruminate/ruminate.h"

namespace banchu {
namespace {

constexpr std::size_t kShownDigits = 12;

struct VerifyFlags {
  bool quick = false;
  bool full = false;
};

// The base that the first self is born on, checked before anything is made. Nothing: a bag without a model is a bag.
Result<std::optional<std::filesystem::path>> find_first_base(const AppContext& context) {
  Result<std::filesystem::path> file = find_model(context, nullptr, nullptr);
  const bool was_named = !context.options.model.empty();
  if (!file && !was_named && file.error().code == Code::NotFound) return std::optional<std::filesystem::path>();
  if (!file) return std::move(file).error();
  BANCHU_TRY(const auto gguf, GgufFile::open(*file));
  return std::optional<std::filesystem::path>(std::move(*file));
}

Result<Self> begin_first_self(Bag& bag, const std::filesystem::path& base) {
  BANCHU_TRY(const std::string digest, model_digest(base));
  BANCHU_TRY_STATUS(link_model(bag, base, digest));
  BANCHU_TRY_STATUS(set_default_model(bag, digest));
  return SelfStore(bag).begin(digest, now());
}

Result<int> run_init(AppContext& context) {
  BANCHU_TRY(const std::optional<std::filesystem::path> base, find_first_base(context));
  BANCHU_TRY(const std::unique_ptr<Bag> bag, Bag::create(bag_folder(context)));
  // A bag that had only lost its bag.json comes back with everything, also with who was awake.
  BANCHU_TRY(std::optional<Self> self, awake_self(*bag));
  const bool is_born = base && !self;
  if (is_born) {
    BANCHU_TRY(self, begin_first_self(*bag, *base));
  }
  const std::string folder = bag->folder().string();
  context.answer({{"bag", folder},
                  {"id", bag->id()},
                  {"self", self ? Json(self->id) : Json()},
                  {"model", self ? Json(self->base) : Json()},
                  {"encrypted", false}});
  context.say("made the bag {}", folder);
  context.print(
      fmt::format("  {}", context.named("not encrypted: whoever can read this folder can read what was said")));
  if (self) {
    if (is_born) {
      context.say("  self {} was born, on the model {}", self->id, self->base.substr(0, kShownDigits));
    } else {
      context.say("  self {} is awake again, on the model {}", self->id, self->base.substr(0, kShownDigits));
    }
  } else {
    context.say("  no model yet: `./start --setup` fetches the default one, `banchu model add FILE` takes your own");
  }
  return 0;
}

Json count_entries(const std::vector<Entry>& entries) {
  std::map<std::string, int> counts;
  for (const EntryState state : {EntryState::fresh, EntryState::used, EntryState::quarantined, EntryState::review}) {
    counts[name_of(state)] = 0;
  }
  for (const Entry& entry : entries) ++counts[name_of(entry.state)];
  return counts;
}

Result<int> run_show(AppContext& context) {
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_only));
  BANCHU_TRY(const std::string text, read_file(bag->folder() / "bag.json", 1u << 20));
  BANCHU_TRY(const Json head, parse_json(text, "bag.json"));
  BANCHU_TRY(const std::vector<Entry> entries, Journal(*bag).entries());
  BANCHU_TRY(const std::vector<Memory> memories, MemoryStore(*bag).list());
  BANCHU_TRY(const std::vector<Self> selves, SelfStore(*bag).list());
  BANCHU_TRY(const std::optional<Self> self, awake_self(*bag));
  const Json counts = count_entries(entries);
  const std::vector<std::string> models = linked_models(*bag);
  context.answer({{"bag", bag->folder().string()},
                  {"head", head},
                  {"self", self ? Json(self->id) : Json()},
                  {"entries", counts},
                  {"memories", memories.size()},
                  {"selves", selves.size()},
                  {"models", models}});
  context.print(fmt::format("{}   {}", context.out.paint(Style::bold, bag->folder().string()), bag->id()));
  const auto row = [&](std::string_view name, const std::string& value) {
    context.print("  " + pad_to(context.named(name), 10) + value);
  };
  row("awake", self ? context.said("self {}", self->id) : context.said("nobody yet"));
  row("selves", std::to_string(selves.size()));
  std::string line;
  for (const auto& [state, count] : counts.items())
    line += fmt::format("{} {}   ", to_line(count), context.named(state));
  row("turns", line);
  row("memories", std::to_string(memories.size()));
  for (const std::string& model : models) row("model", model.substr(0, kShownDigits));
  context.print(
      fmt::format("  {}", context.named("not encrypted: whoever can read this folder can read what was said")));
  return 0;
}

Result<int> run_verify(AppContext& context, const VerifyFlags& flags) {
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_only));
  BANCHU_TRY(const BagVerification found, bag->verify(flags.full));
  Json damaged = Json::array();
  for (const BagFinding& finding : found.damaged)
    damaged.push_back({{"path", finding.path}, {"damage", finding.damage}});
  context.answer({{"ok", found.ok},
                  {"level", found.level},
                  {"files", found.files},
                  {"bytes", found.bytes},
                  {"seconds", found.seconds},
                  {"damaged", std::move(damaged)}});
  for (const BagFinding& finding : found.damaged) {
    context.print(fmt::format("{}  {}: {}", context.out.paint(Style::red, context.said("damaged")), finding.path,
                              translated(finding.damage, context.language)));
  }
  context.say("{}: {} files, {}, {:.1f} s ({} check)", found.ok ? context.said("whole") : context.said("not whole"),
              found.files, format_bytes(found.bytes), found.seconds, context.named(found.level));
  return found.ok ? 0 : kExitAnswerIsNo;
}

}  // namespace

void add_bag_verbs(CLI::App& app, AppContext& context) {
  CLI::App* group = add_group(app, "bag", "The folder that holds everything a companion is", "banchu bag show");
  CLI::App* init = add_verb(*group, "init", "Makes a bag, with its first self", "banchu --bag ~/dori bag init");
  on_run(init, context, [&context] { return run_init(context); });

  CLI::App* show = add_verb(*group, "show", "What is in it", "banchu bag show");
  on_run(show, context, [&context] { return run_show(context); });

  auto flags = std::make_shared<VerifyFlags>();
  CLI::App* verify =
      add_verb(*group, "verify", "Looks for damage; exit code 20 when there is some", "banchu bag verify --full");
  CLI::Option* quick =
      verify->add_flag("--quick", flags->quick, "The database, and that every file is there (default)");
  verify->add_flag("--full", flags->full, "Also the digest of every file")->excludes(quick);
  on_run(verify, context, [&context, flags] { return run_verify(context, *flags); });
}

}  // namespace banchu
