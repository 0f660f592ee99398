// import: foreign files into the bag. Today adapters; each becomes a self that sleeps.
#include <fmt/format.h>

#include "app/open.h"
#include "app/self_text.h"
#include "app/verbs.h"
#include "base/clock.h"
#include "base/digest.h"
#include "exchange/exchange.h"
#include "model/model_digest.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;

struct ImportFlags {
  std::vector<std::string> files;
  std::string onto;
  double scale = 1;
};

// An adapter that was read and fits; nothing is in the bag yet.
struct Arrival {
  std::string file;
  ForeignAdapter foreign;
};

Result<std::shared_ptr<const GgufFile>> open_base(const AppContext& context, Bag& bag, const Self& self) {
  BANCHU_TRY(const fs::path path, find_model(context, &bag, &self));
  if (!context.options.model.empty()) {
    BANCHU_TRY(const std::string digest, model_digest(path));
    BANCHU_TRY_STATUS(check_base(self, digest));
  }
  return GgufFile::open(path);
}

// Through a scratch folder of the bag, so that the move into it is one rename.
Result<std::string> store(Bag& bag, const Adapter& adapter) {
  const fs::path folder = bag.run_folder("import-" + random_id());
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) return make_error(Code::FailedPrecondition, "cannot make " + folder.string() + ": " + failure.message());
  const Status written = write_adapter(adapter, folder / "adapter.gguf");
  Result<std::string> digest = written ? bag.store_adapter(folder / "adapter.gguf") : written.error();
  fs::remove_all(folder, failure);
  return digest;
}

Result<Json> keep(AppContext& context, Bag& bag, const Self& parent, const Arrival& arrival, const ImportFlags& flags) {
  BANCHU_TRY(const std::string digest, store(bag, arrival.foreign.adapter));
  std::vector<SelfAdapter> adapters;
  if (!flags.onto.empty()) adapters = parent.adapters;
  adapters.push_back({digest, flags.scale});
  BANCHU_TRY(const Self self, SelfStore(bag).adopt(parent, adapters, now()));
  const Adapter& adapter = arrival.foreign.adapter;
  context.say("{}: {} matrices, rank {}, now self {}, asleep", arrival.file, adapter.tensors.size(),
              common_rank(adapter), self.id);
  if (!arrival.foreign.made_for.empty()) {
    context.note(context.said("it says it was made for {}; its shapes fit this base, the rest is for you to know",
                              arrival.foreign.made_for));
  }
  return Json{{"file", arrival.file},
              {"what", "adapter"},
              {"format", foreign_kind_name(arrival.foreign.kind)},
              {"made_for", arrival.foreign.made_for},
              {"adapter", digest},
              {"scale", flags.scale},
              {"tensors", adapter.tensors.size()},
              {"rank", common_rank(adapter)},
              {"alpha", static_cast<double>(adapter.alpha)},
              {"self", self.id},
              {"parent", self.parent},
              {"awake", self.awake}};
}

Result<int> run_import(AppContext& context, const ImportFlags& flags) {
  BANCHU_TRY(const std::unique_ptr<Bag> bag, open_bag(context, Bag::Access::read_write));
  SelfStore selves(*bag);
  Result<Self> found = flags.onto.empty() ? selves.awake() : selves.find(flags.onto);
  if (!found) return std::move(found).error();
  const Self parent = std::move(*found);
  BANCHU_TRY(const auto base, open_base(context, *bag, parent));
  std::vector<Arrival> arrivals;  // all are looked at before the first is kept
  for (const std::string& file : flags.files) {
    BANCHU_TRY(ForeignAdapter foreign, read_foreign_adapter(file, *base));
    arrivals.push_back({file, std::move(foreign)});
  }
  Json imported = Json::array();
  for (const Arrival& arrival : arrivals) {
    BANCHU_TRY(Json one, keep(context, *bag, parent, arrival, flags));
    imported.push_back(std::move(one));
  }
  context.note(context.named(
      "nobody was woken and nothing was measured; `banchu self wake ID` wakes one, `banchu self rollback` ends it"));
  context.answer({{"imported", std::move(imported)}});
  return 0;
}

}  // namespace

void add_import_verbs(CLI::App& app, AppContext& context) {
  auto flags = std::make_shared<ImportFlags>();
  CLI::App* import =
      add_verb(app, "import", "Takes foreign files in: adapters (GGUF, PEFT), each as a self that sleeps",
               "banchu import ~/adapters/poet        # a PEFT folder, or a .gguf");
  import->add_option("FILE", flags->files, "A GGUF adapter, or a PEFT folder")->required();
  import->add_option("--onto", flags->onto, "Adds it to this self's adapters (default: it stands on the base alone)")
      ->type_name("ID");
  import->add_option("--scale", flags->scale, "How strongly it works (1: as it was made)")
      ->check(CLI::Range(-8.0, 8.0))
      ->type_name("S");
  on_run(import, context, [&context, flags] { return run_import(context, *flags); });
}

}  // namespace banchu
