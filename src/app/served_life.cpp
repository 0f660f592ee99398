#include "app/served_life.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/entry_text.h"
#include "app/night.h"
#include "app/open.h"
#include "app/review.h"
#include "app/self_text.h"
#include "app/served_text.h"
#include "arc/arc.h"
#include "arc/plot.h"
#include "arc/reading_json.h"
#include "base/text.h"
#include "journal/journal.h"
#include "journal/rows.h"
#include "ruminate/ruminate.h"

namespace banchu {
namespace {

Error no_bag() { return make_error(Code::NotFound, "there is no bag here", "`banchu bag init` makes one"); }

// The global options that a night needs to find the same bag and the same model.
std::vector<std::string> command_of(const AppContext& context, const std::string& program) {
  std::vector<std::string> words = {program, "--json", "--bag", bag_folder(context).string()};
  const GlobalOptions& options = context.options;
  if (!options.model.empty()) words.insert(words.end(), {"--model", options.model});
  if (options.threads > 0) words.insert(words.end(), {"--threads", std::to_string(options.threads)});
  if (options.seed) words.insert(words.end(), {"--seed", std::to_string(*options.seed)});
  if (!options.now.empty()) words.insert(words.end(), {"--now", options.now});
  return words;
}

Json mask_to_json(const Mask& mask, const std::string& name, int turns) {
  return {{"id", mask.id},         {"name", name},
          {"system", mask.system}, {"few_shot", messages_to_json(mask.few_shot)},
          {"turns", turns},        {"source", mask.is_private ? "journal" : "file"}};
}

Mask mask_of(const Persona& persona) {
  return {mask_id(persona.system, persona.few_shot), persona.system, persona.few_shot, persona.sampling, false};
}

Result<EntryMark> mark_named(const std::string& word) {
  for (const EntryMark mark : {EntryMark::none, EntryMark::kept, EntryMark::fixed, EntryMark::struck}) {
    if (word == name_of(mark)) return mark;
  }
  return make_error(Code::InvalidArgument, "a turn is marked kept, struck, fixed or none");
}

}  // namespace

Result<std::shared_ptr<ServedLife>> ServedLife::open(const AppContext& context,
                                                     const std::vector<std::string>& personas,
                                                     const std::string& program) {
  auto life = std::shared_ptr<ServedLife>(new ServedLife(command_of(context, program)));
  for (const std::string& file : personas) {
    BANCHU_TRY(Persona persona, load_persona(file));
    if (mask_of(persona).id.empty())
      return make_error(Code::InvalidArgument, file + " holds no mask: neither system nor few_shot");
    life->personas_.push_back(std::move(persona));
  }
  if (!bag_exists(context)) return life;
  BANCHU_TRY(life->bag_, open_bag(context, Bag::Access::read_write));
  return life;
}

Result<std::vector<Entry>> ServedLife::entries() {
  if (bag_ == nullptr) return no_bag();
  return Journal(*bag_).entries();
}

// --- what was said

Result<Json> ServedLife::conversations(const WantedConversations& wanted) {
  const std::scoped_lock lock(mutex_);
  BANCHU_TRY(const std::vector<Entry> all, entries());
  return conversations_to_json(all, wanted);
}

Result<Json> ServedLife::conversation(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  BANCHU_TRY(std::vector<Entry> all, entries());
  std::erase_if(all, [&](const Entry& entry) { return !entry.turn.conversation.starts_with(id); });
  if (all.empty()) return make_error(Code::NotFound, fmt::format("there is no conversation {}", shorten(id, 40)));
  const std::string& whole = all.front().turn.conversation;
  const bool is_one =
      std::all_of(all.begin(), all.end(), [&](const Entry& entry) { return entry.turn.conversation == whole; });
  if (is_one) return conversation_to_json(std::move(all));
  return make_error(Code::InvalidArgument, fmt::format("\"{}\" begins several conversations", shorten(id, 40)),
                    "give more digits of the id");
}

bool ServedLife::has_conversation(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  if (known_conversations_.contains(id)) return true;
  const Result<std::vector<Entry>> all = entries();
  if (!all) return false;
  for (const Entry& entry : *all) known_conversations_.insert(entry.turn.conversation);
  return known_conversations_.contains(id);
}

Result<Json> ServedLife::turn(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  if (bag_ == nullptr) return no_bag();
  BANCHU_TRY(const Entry entry, Journal(*bag_).find(id));
  return entry_as_json(entry);
}

Result<Json> ServedLife::mark(const std::string& id, const std::string& mark, const std::string& fixed_reply) {
  const std::scoped_lock lock(mutex_);
  if (bag_ == nullptr) return no_bag();
  BANCHU_TRY(const EntryMark word, mark_named(mark));
  Journal journal(*bag_);
  BANCHU_TRY(const Entry entry, journal.find(id));
  BANCHU_TRY_STATUS(journal.mark(entry.turn.id, word, nfc(fixed_reply)));
  BANCHU_TRY(const Entry marked, journal.find(entry.turn.id));
  return entry_as_json(marked);
}

// --- masks

Result<Json> ServedLife::masks() {
  const std::scoped_lock lock(mutex_);
  std::vector<Entry> all;
  if (bag_ != nullptr) {
    BANCHU_TRY(all, entries());
  }
  std::map<std::string, int> turns;
  std::map<std::string, Mask> worn;
  for (const Entry& entry : all) {
    const std::string id = mask_id(entry.turn.mask, entry.turn.few_shot);
    if (id.empty()) continue;
    ++turns[id];
    worn.try_emplace(id, Mask{id, entry.turn.mask, entry.turn.few_shot, std::nullopt, true});
  }
  Json list = Json::array();
  for (const Persona& persona : personas_) {
    const Mask mask = mask_of(persona);
    list.push_back(mask_to_json(mask, persona.name, turns[mask.id]));
    worn.erase(mask.id);
  }
  for (const auto& [id, mask] : worn) list.push_back(mask_to_json(mask, "", turns[id]));
  return Json{{"masks", std::move(list)}};
}

Result<Mask> ServedLife::mask_named(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  for (const Persona& persona : personas_) {
    if (Mask mask = mask_of(persona); mask.id == id) return mask;
  }
  if (!known_masks_.contains(id) && bag_ != nullptr) {
    BANCHU_TRY(const std::vector<Entry> all, entries());
    for (const Entry& entry : all) {
      const std::string one = mask_id(entry.turn.mask, entry.turn.few_shot);
      if (!one.empty()) known_masks_[one] = {one, entry.turn.mask, entry.turn.few_shot, std::nullopt, true};
    }
  }
  const auto found = known_masks_.find(id);
  if (found != known_masks_.end()) return found->second;
  return make_error(Code::NotFound, "there is no mask with this id", "see /banchu/v1/masks");
}

// --- the coming night and its review

Result<Json> ServedLife::coming() {
  const std::scoped_lock lock(mutex_);
  if (bag_ == nullptr) return no_bag();
  BANCHU_TRY(const Recipe recipe, load_recipe("", bag_->folder()));
  BANCHU_TRY(const Chewed chewed, look_at_the_day(*bag_, recipe));
  BANCHU_TRY(const Waiting waiting, find_waiting(*bag_));
  Json json = coming_to_json(chewed);
  json["waiting"] = {{"memories", Json::array()}, {"entries", Json::array()}};
  for (const Memory& memory : waiting.memories) json["waiting"]["memories"].push_back(memory_as_json(memory));
  for (const Entry& entry : waiting.entries) json["waiting"]["entries"].push_back(entry_as_json(entry));
  return json;
}

Result<Json> ServedLife::memories() {
  const std::scoped_lock lock(mutex_);
  if (bag_ == nullptr) return no_bag();
  BANCHU_TRY(const std::vector<Memory> memories, MemoryStore(*bag_).list());
  BANCHU_TRY(const Waiting waiting, find_waiting(*bag_));
  Json json = {{"memories", Json::array()}, {"waiting", Json::array()}};
  for (const Memory& memory : memories) json["memories"].push_back(memory_as_json(memory));
  for (const Entry& entry : waiting.entries) json["waiting"].push_back(entry_as_json(entry));
  return json;
}

Result<Json> ServedLife::review(const std::string& id, const std::string& word) {
  const std::scoped_lock lock(mutex_);
  if (bag_ == nullptr) return no_bag();
  const bool keeps = word == "keep";
  BANCHU_TRY(const std::string kind, decide(*bag_, id, keeps ? ReviewWord::keep : ReviewWord::strike));
  return Json{{"id", id}, {"kind", kind}, {"decision", keeps ? "kept" : "struck"}};
}

// --- selves

Result<Json> ServedLife::self(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  if (bag_ == nullptr) return no_bag();
  BANCHU_TRY(const Self self, SelfStore(*bag_).find(id));
  BANCHU_TRY(const std::vector<LivedSelf> selves, lived_selves(*bag_));
  for (const LivedSelf& lived : selves) {
    if (lived.self.id != self.id) continue;
    Json json = self_to_json(lived);
    json["night"] = Json();
    if (!self.run.empty()) {
      BANCHU_TRY(const NightRun run, RunStore(*bag_).find(self.run));
      json["night"] = night_to_json(run);
    }
    return json;
  }
  return make_error(Code::NotFound, fmt::format("there is no self {}", self.id));
}

// --- arcs

Result<std::vector<Entry>> ServedLife::entries_of(const ArcAsk& ask) {
  const std::scoped_lock lock(mutex_);
  BANCHU_TRY(std::vector<Entry> all, entries());
  std::erase_if(all, [&](const Entry& entry) {
    return ask.day.empty() ? entry.turn.conversation != ask.conversation : format_day(entry.turn.time) != ask.day;
  });
  if (all.empty()) return make_error(Code::NotFound, "nothing that is kept was said there");
  return all;
}

Result<ArcAnswer> ServedLife::arc(const ArcAsk& ask) {
  const std::unique_lock measuring(measuring_, std::try_to_lock);
  if (!measuring) return make_error(Code::Busy, "another text is being measured", "ask again in a moment");
  ArcOptions options;
  options.gamma = ask.gamma;
  options.tau = ask.tau;
  std::vector<ArcTurn> units;
  for (const Message& message : ask.messages) {
    units.push_back({message.role == Role::user ? "user" : "assistant", message.content});
  }
  if (!ask.conversation.empty() || !ask.day.empty()) {
    BANCHU_TRY(const std::vector<Entry> said, entries_of(ask));
    for (const Entry& entry : said) {
      units.push_back({"user", entry.turn.user});
      units.push_back({"assistant", entry.turn.reply});
    }
  }
  BANCHU_TRY(const Reading reading, units.empty() ? score_text(ask.text, options) : score_units(units, options));
  if (!ask.as_picture) return ArcAnswer{reading_to_json(reading), ""};
  PlotOptions plot;
  plot.title = ask.title;
  plot.in_korean = ask.in_korean;
  return ArcAnswer{Json(), plot_svg(reading, plot)};
}

// --- nights

Result<Json> ServedLife::nights() {
  const std::scoped_lock lock(mutex_);
  if (bag_ == nullptr) return no_bag();
  BANCHU_TRY(std::vector<NightRun> runs, RunStore(*bag_).list());
  Json list = Json::array();
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) list.push_back(night_head_to_json(*run));
  return Json{{"nights", std::move(list)}, {"job", jobs_.latest()}};
}

Result<Json> ServedLife::night(const std::string& id) {
  if (Result<Json> job = jobs_.find(id)) return job;
  const std::scoped_lock lock(mutex_);
  if (bag_ == nullptr) return no_bag();
  BANCHU_TRY(const NightRun run, RunStore(*bag_).find(id));
  return night_to_json(run);
}

// The lease is only asked for here: the night itself takes it. Whoever comes between is told Busy by the job.
Result<Json> ServedLife::start_night(const std::string& until) {
  const std::scoped_lock lock(mutex_);
  if (bag_ == nullptr) return no_bag();
  if (!jobs_.is_running()) {
    BANCHU_TRY(const std::unique_ptr<Lease> free, bag_->acquire(LeaseKind::night));
  }
  return jobs_.start(until);
}

void ServedLife::when_a_night_ends(std::function<void()> call) { jobs_.when_one_ends(std::move(call)); }

Result<Json> ServedLife::cancel_night(const std::string& job) { return jobs_.cancel(job); }

Result<ToldNight> ServedLife::listen(const std::string& job, std::size_t known, std::chrono::milliseconds most) {
  return jobs_.listen(job, known, most);
}

}  // namespace banchu
