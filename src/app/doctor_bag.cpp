#include "app/doctor_bag.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "app/open.h"
#include "app/progress_bar.h"
#include "bag/lease.h"
#include "bag/lease_row.h"
#include "bag/verify.h"
#include "base/digest.h"
#include "base/file.h"
#include "journal/journal.h"
#include "model/model_digest.h"
#include "model/model_memory.h"
#include "promote/run_store.h"
#include "train/train.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
using Findings = std::vector<DoctorFinding>;

// The old folder is kept beside the new one.
std::string begin_again(const AppContext& context) {
  const std::string bag = bag_word(context);
  return fmt::format("mv {0} {0}.broken && {1} && for day in {0}.broken/memory_core/journal/*.jsonl; do {2}; done", bag,
                     own_command(context, "bag init"), own_command(context, "journal add \"$day\""));
}

std::string make_mine(const AppContext& context, const fs::path& folder) {
  struct stat status {};
  const bool is_mine = ::stat(folder.c_str(), &status) == 0 && status.st_uid == ::geteuid();
  if (is_mine) return "chmod -R u+rwX " + bag_word(context);
  return as_root("chown -R \"$(id -u)\" " + bag_word(context));
}

// What the error is, by its kind alone: its message may name files and what lies in them.
DoctorFinding cannot_open(const AppContext& context, const Error& error) {
  const fs::path folder = bag_folder(context);
  std::error_code failure;
  const bool lost_head = error.code == Code::Corruption && fs::exists(folder / "banchu.db", failure) &&
                         !fs::exists(folder / "bag.json", failure);
  if (lost_head) {
    return {"bag.head",
            Health::wrong,
            context.said("bag: bag.json is missing"),
            context.said("the bag cannot be opened"),
            "",
            own_command(context, "bag init")};
  }
  if (error.code == Code::Corruption) {
    return {"bag.damaged",
            Health::wrong,
            context.said("bag: it is damaged and cannot be opened"),
            context.said("what was said lies in it"),
            context.said(
                "put back a copy of the bag; without one, begin again with the talks, which also lie in it as text"),
            begin_again(context)};
  }
  if (error.code == Code::Unsupported) {
    return {"bag.newer",
            Health::wrong,
            context.said("bag: a newer banchu made it, or it is encrypted"),
            context.said("this one does not know its format"),
            "",
            "git pull && ./start --setup"};
  }
  if (error.code == Code::FailedPrecondition) {
    return {"bag.access",
            Health::wrong,
            context.said("bag: this user may not read it"),
            context.said("nothing can be opened or kept"),
            "",
            make_mine(context, folder)};
  }
  return {"bag.unreadable",
          Health::wrong,
          context.said("bag: it cannot be opened ({})", code_info(error.code).name),
          context.said("nothing can be opened or kept"),
          context.said("this says why"),
          own_command(context, "bag show")};
}

// Lost models come back by their files; whatever else lies in a bag is nowhere but in a copy of it.
DoctorFinding lost_files(const AppContext& context, const std::vector<BagFinding>& damaged) {
  const bool only_models = !damaged.empty() && std::all_of(damaged.begin(), damaged.end(), [](const BagFinding& one) {
    return one.path.starts_with("models/");
  });
  const std::string what =
      context.said("bag: {} of its files are damaged or missing", std::max<std::size_t>(damaged.size(), 1));
  const std::string why = context.said("a self may be unable to wake, or a talk be lost");
  if (only_models) {
    return {"bag.files",
            Health::wrong,
            what,
            why,
            context.said("bring the model's file"),
            own_command(context, "model add FILE")};
  }
  return {"bag.files",
          Health::wrong,
          what,
          why,
          context.said("see which (bag verify --full), then put them back from COPY, a copy of this bag"),
          fmt::format("cp -an COPY/. {}/", bag_word(context))};
}

void look_at_files(const AppContext& context, Bag& bag, Findings& findings) {
  const Result<BagVerification> found = bag.verify(false);
  if (!found || !found->ok) {
    findings.push_back(lost_files(context, found ? found->damaged : std::vector<BagFinding>()));
  } else {
    findings.push_back({"bag", Health::good,
                        context.said("bag: whole, {} files, {}", found->files, format_bytes(found->bytes)), "", ""});
  }
  const auto mirror = verify_mirror(bag.folder(), bag.database());
  if (mirror && !mirror->empty()) {
    findings.push_back({"bag.mirror", Health::note, context.said("bag: the journal's text files lack something"),
                        context.said("nothing is lost, but other programs read the talks there"), "",
                        own_command(context, "journal mirror")});
  }
}

void look_at_rights(const AppContext& context, const Bag& bag, Findings& findings) {
  struct stat status {};
  if (::stat(bag.folder().c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0) {
    findings.push_back({"bag.readable", Health::note, context.said("bag: every user of this machine can read it"),
                        context.said("it holds what you said, and it is not encrypted"), "",
                        "chmod 700 " + bag_word(context)});
  }
  if (::access(bag.folder().c_str(), W_OK) != 0) {
    findings.push_back({"bag.unwritable", Health::wrong, context.said("bag: this user may not write into it"),
                        context.said("nothing said would be kept; the sandbox still works"), "",
                        make_mine(context, bag.folder())});
  }
}

void look_at_lock(const AppContext& context, Bag& bag, Findings& findings) {
  const LeaseAsker asker = real_asker();
  for (const LeaseKind kind : {LeaseKind::machine, LeaseKind::night}) {
    Result<LeaseRow> row = read_lease(bag.database(), kind);
    if (!row) continue;
    const bool elsewhere = standing_of(*row, asker.process) == Standing::elsewhere;
    drop_dead_holders(*row, asker.process, asker.clock());
    if (row->holders.empty()) continue;
    if (elsewhere) {
      findings.push_back({"lock.elsewhere", Health::wrong, context.said("lock: another machine is using the bag"),
                          context.said("only one machine at a time may write into it"),
                          context.said("end banchu there; a machine that has died lets go after 10 minutes")});
    } else if (kind == LeaseKind::night) {
      findings.push_back({"lock.night", Health::note, context.said("lock: a night is running on this machine"),
                          context.said("a second one has to wait; talking works"), ""});
    }
  }
  if (findings.empty() || !findings.back().id.starts_with("lock")) {
    findings.push_back({"lock", Health::good, context.said("lock: nobody else holds the bag"), "", ""});
  }
}

void look_at_time(const AppContext& context, Bag& bag, Findings& findings) {
  Time newest = 0;
  const auto entries = Journal(bag).entries();
  if (entries) {
    for (const Entry& entry : *entries) newest = std::max(newest, entry.turn.time);
  }
  findings.push_back(judge_clock(context, now(), newest));
  const auto runs = RunStore(bag).list();
  const bool waits =
      runs && std::any_of(runs->begin(), runs->end(), [](const NightRun& run) { return run.stage != "done"; });
  if (waits) {
    findings.push_back({"night.unfinished", Health::note, context.said("night: one was stopped before its end"),
                        context.said("what it has done is kept"), "", own_command(context, "night")});
  }
}

void look_at_selves(const AppContext& context, Bag& bag, Findings& findings) {
  const auto self = awake_self(bag);
  if (!self || !*self) return;
  for (const AdapterUse& use : adapters_of(bag, **self)) {
    const Result<std::string> digest = sha256_file(use.path);
    if (digest && *digest == use.digest) continue;
    findings.push_back({"self.adapter", Health::wrong,
                        context.said("self: an adapter of who is awake is missing or damaged"),
                        context.said("it cannot talk as it did"), "", own_command(context, "self rollback")});
    return;
  }
}

// Where no bag is, into the folder of all models.
std::string bring_model(const AppContext& context) {
  return own_command(context, bag_exists(context) ? "model add FILE" : "model pull FILE");
}

// A truncated file is refused by GgufFile; one with other bytes by its digest.
void look_at_file(const AppContext& context, const fs::path& path, const std::string& digest, Findings& findings) {
  const auto file = GgufFile::open(path);
  const Result<ModelInfo> info = file ? model_info(**file) : Result<ModelInfo>(file.error());
  const Result<std::string> found = digest.empty() ? Result<std::string>(std::string()) : model_digest(path);
  if (!info || !found || *found != digest) {
    findings.push_back({"model.damaged", Health::wrong, context.said("model: its file is damaged"),
                        context.said("without it nobody can talk"),
                        context.said("./start --setup fetches the default model again; your own, from a whole FILE"),
                        bring_model(context)});
    return;
  }
  findings.push_back(
      {"model", Health::good,
       context.said("model: {}, {}, {}", info->architecture, info->quantisation, format_bytes(info->bytes)), "", ""});
  if (!info->has_chat_template) {
    findings.push_back({"model.template", Health::note, context.said("model: it carries no chat template"),
                        context.said("it was not taught to talk; ChatML is used, and it may answer badly"),
                        context.said("wear a mask with examples"),
                        own_command(context, "chat --persona samples/en/dori.yaml")});
  }
  if (const Status fits = check_memory(**file, *info, 0); !fits) {
    findings.push_back({"model.memory", Health::wrong, context.said("model: it does not fit into the free memory"),
                        context.said("it would not be loaded"), context.said("choose a smaller one"),
                        own_command(context, "model recommend")});
  }
  if (const Status can = trainable(**file); !can) {
    findings.push_back({"model.training", Health::note, context.said("model: it can talk, but not grow"),
                        context.said("the trainer does not know its kind"), context.said("these can grow"),
                        own_command(context, "model recommend")});
  }
}

void look_at_model(const AppContext& context, Bag* bag, Findings& findings) {
  std::optional<Self> awake;
  if (bag != nullptr) {
    const auto self = awake_self(*bag);
    if (self) awake = *self;
  }
  const Result<fs::path> path = find_model(context, bag, awake ? &*awake : nullptr);
  if (!path) {
    findings.push_back(
        {"model.missing", Health::wrong, context.said("model: the one that is needed is not on this machine"),
         context.said("without it nobody can talk"),
         context.said("./start --setup fetches the default model; your own, from its FILE"), bring_model(context)});
    return;
  }
  if (!awake || context.options.model.empty()) {
    look_at_file(context, *path, awake ? awake->base : "", findings);
    return;
  }
  look_at_file(context, *path, "", findings);
  const Result<std::string> digest = model_digest(*path);
  if (digest && *digest != awake->base) {
    findings.push_back({"model.foreign", Health::wrong, context.said("model: who is awake grew from another one"),
                        context.said("a self speaks only on the model that it was born on"),
                        context.said("leave --model away, or give this one a bag of its own"),
                        "banchu --bag NEW --model FILE bag init"});
  }
}

}  // namespace

std::vector<DoctorFinding> examine_bag(const AppContext& context) {
  Findings findings;
  if (!bag_exists(context)) {
    findings.push_back({"bag.none", Health::note, context.said("bag: there is none here"),
                        context.said("nothing that is said can be kept"), "", own_command(context, "bag init")});
    look_at_model(context, nullptr, findings);
    return findings;
  }
  const auto bag = open_bag(context, Bag::Access::read_only);
  if (!bag) {
    findings.push_back(cannot_open(context, bag.error()));
    look_at_model(context, nullptr, findings);
    return findings;
  }
  look_at_files(context, **bag, findings);
  look_at_rights(context, **bag, findings);
  look_at_lock(context, **bag, findings);
  look_at_time(context, **bag, findings);
  look_at_selves(context, **bag, findings);
  look_at_model(context, bag->get(), findings);
  return findings;
}

}  // namespace banchu
