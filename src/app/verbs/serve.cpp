// serve: the companion behind HTTP APIs, until Ctrl-C.
#include "serve/serve.h"

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <thread>

#include "app/adapters.h"
#include "app/heartbeat.h"
#include "app/open.h"
#include "app/verbs.h"
#include "base/clock.h"
#include "journal/journal.h"

namespace banchu {
namespace {

constexpr std::chrono::milliseconds kLook{200};

struct ServeFlags {
  std::string host = "127.0.0.1";
  int port = 11500;
  std::string key_file;
  std::string new_key;
  std::string may = "talk";
  int parallel = 4;
  int context_tokens = 4096;
  int queue = 64;
  std::vector<std::string> aliases;
};

// The bag as a server uses it: from many threads, one at a time.
class ServedBag {
 public:
  static Result<std::unique_ptr<ServedBag>> open(const AppContext& context) {
    auto served = std::make_unique<ServedBag>();
    if (!bag_exists(context)) return served;
    BANCHU_TRY(served->bag_, open_bag(context, Bag::Access::read_write));
    BANCHU_TRY(served->lease_, served->bag_->acquire(LeaseKind::server));
    served->heartbeat_.emplace(*served->lease_, steady_seconds());
    return served;
  }

  Bag* bag() { return bag_.get(); }

  Result<Voice> voice(const Model& model) {
    const std::scoped_lock lock(mutex_);
    if (bag_ == nullptr) return Voice{};
    BANCHU_TRY(const Self awake, awake_or_begin(*bag_, model));
    BANCHU_TRY_STATUS(check_base(awake, model.digest()));
    Voice voice{awake.id, adapters_of(*bag_, awake)};
    BANCHU_TRY_STATUS(check_adapters(voice.adapters));
    return voice;
  }

  // A reply that is said again is a turn of its own, behind the one before.
  Status keep(Turn turn) {
    const std::scoped_lock lock(mutex_);
    Journal journal(*bag_);
    BANCHU_TRY(const int next, next_index(journal, turn.conversation));
    turn.index = std::max(turn.index, next);
    BANCHU_TRY_STATUS(journal.append(turn));
    next_index_[turn.conversation] = turn.index + 1;
    return {};
  }

  void show_life() {
    const std::scoped_lock lock(mutex_);
    if (heartbeat_) heartbeat_->beat(steady_seconds());
  }

 private:
  Result<int> next_index(Journal& journal, const std::string& conversation) {
    const auto known = next_index_.find(conversation);
    if (known != next_index_.end()) return known->second;
    int next = 0;
    BANCHU_TRY(const std::vector<Entry> entries, journal.entries());
    for (const Entry& entry : entries) {
      if (entry.turn.conversation == conversation) next = std::max(next, entry.turn.index + 1);
    }
    return next;
  }

  std::mutex mutex_;
  std::unique_ptr<Bag> bag_;
  std::unique_ptr<Lease> lease_;
  std::optional<Heartbeat> heartbeat_;
  std::map<std::string, int> next_index_;  // of conversations that were kept since the start
};

Result<int> make_key(AppContext& context, const ServeFlags& flags) {
  if (flags.key_file.empty()) return make_error(Code::InvalidArgument, "--new-key needs --key-file");
  BANCHU_TRY(const Right right, right_of(flags.may));
  BANCHU_TRY(const std::string key, add_key(flags.key_file, flags.new_key, right));
  context.answer({{"name", flags.new_key}, {"may", flags.may}, {"key", key}});
  context.print(key);
  context.note(context.said("This key is shown once; the file keeps only its hash."));
  return 0;
}

void announce(const AppContext& context, const ServeFlags& flags, const Server& server, bool keeps) {
  const std::string address = fmt::format("http://{}:{}", flags.host, server.port());
  context.answer({{"address", address}, {"port", server.port()}, {"keeps", keeps}});
  context.say("listening on {} (OpenAI: {}/v1, Ollama: OLLAMA_HOST={})", address, address, address);
  if (keeps) {
    context.say("the model banchu keeps nothing; what is said to banchu:grow is kept");
  } else {
    context.say("there is no bag here, so nothing is kept (`banchu bag init` makes one)");
  }
  context.say("Ctrl-C ends it");
}

Result<int> run_serve(AppContext& context, const ServeFlags& flags) {
  if (!flags.new_key.empty()) return make_key(context, flags);
  ServeOptions options;
  options.host = flags.host;
  options.port = flags.port;
  options.version = BANCHU_VERSION;
  options.speech.session = {context.options.threads, flags.context_tokens, flags.parallel};
  options.aliases = flags.aliases;
  options.speech.queue = static_cast<std::size_t>(flags.queue);
  if (!flags.key_file.empty()) {
    BANCHU_TRY(options.keys, load_keys(flags.key_file));
    if (options.keys.empty()) return make_error(Code::InvalidArgument, flags.key_file + " holds no key");
  }
  BANCHU_TRY(const std::shared_ptr<ServedBag> bag, ServedBag::open(context));
  std::optional<Self> self;
  if (bag->bag() != nullptr) {
    BANCHU_TRY(self, awake_self(*bag->bag()));
  }
  BANCHU_TRY(const auto file, find_model(context, bag->bag(), self ? &*self : nullptr));
  BANCHU_TRY(const std::shared_ptr<Model> model, Model::load(file));
  const bool keeps = bag->bag() != nullptr;
  const TurnSink keep = keeps ? TurnSink([bag](const Turn& turn) { return bag->keep(turn); }) : TurnSink();
  BANCHU_TRY(const std::unique_ptr<Server> server,
             Server::open(
                 model, options, [bag, model] { return bag->voice(*model); }, keep));
  announce(context, flags, *server, keeps);
  std::thread listening([&server] { server->run(); });
  while (!is_cancelled(&context.cancel)) {
    std::this_thread::sleep_for(kLook);
    bag->show_life();
  }
  server->stop();
  listening.join();
  return 0;
}

}  // namespace

void add_serve_verbs(CLI::App& app, AppContext& context) {
  auto flags = std::make_shared<ServeFlags>();
  CLI::App* serve = add_verb(app, "serve", "Answers other programs: the APIs of OpenAI, Ollama, Anthropic",
                             "banchu serve --port 11500\n  banchu serve --new-key phone --may grow --key-file keys");
  serve->add_option("--host", flags->host, "Beyond 127.0.0.1 keys are needed")->type_name("ADDRESS");
  serve->add_option("--port", flags->port, "0: any free one")->check(CLI::Range(0, 65535));
  serve->add_option("--key-file", flags->key_file, "Who may come in, and what for")->type_name("FILE");
  serve->add_option("--new-key", flags->new_key, "Adds a key to --key-file, shows it once, and ends")
      ->type_name("NAME");
  serve->add_option("--may", flags->may, "What the new key may do")->check(CLI::IsMember({"talk", "grow", "manage"}));
  serve->add_option("--parallel", flags->parallel, "Replies said at once")->check(CLI::Range(1, 64));
  serve->add_option("--context", flags->context_tokens, "Tokens of one conversation")->check(CLI::Range(64, 1 << 20));
  serve->add_option("--queue", flags->queue, "Requests that may wait for a place")->check(CLI::Range(1, 10000));
  serve->add_option("--alias", flags->aliases, "Another name that clients may ask for")->type_name("NAME");
  on_run(serve, context, [&context, flags] { return run_serve(context, *flags); });
}

}  // namespace banchu
