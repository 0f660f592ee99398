// serve: the companion behind HTTP APIs, until Ctrl-C.
#include "serve/serve.h"

#include <fmt/format.h>

#include <thread>

#include "app/meter.h"
#include "app/served_bag.h"
#include "app/served_life.h"
#include "app/verbs.h"

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
  std::vector<std::string> personas;
  double idle_minutes = 0;
  std::string then;
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

Household house_of(const std::shared_ptr<ServedBag>& bag, const std::shared_ptr<Model>& model,
                   std::shared_ptr<Life> life) {
  Household house;
  house.life = std::move(life);
  house.voice = [bag, model] { return bag->voice(*model); };
  if (bag->bag() != nullptr) house.keep = [bag](const Turn& turn) { return bag->keep(turn); };
  house.selves = [bag] { return bag->selves(); };
  house.wake = [bag, model](const std::string& id) { return bag->wake(id, *model); };
  house.rollback = [bag, model] { return bag->rollback(*model); };
  return house;
}

// Whether the server has ended by itself: nobody was answered and no night ran for so long.
bool wait_for_the_end(AppContext& context, const ServeFlags& flags, const Server& server, ServedBag& bag,
                      ServedLife& life) {
  IdleWatch watch(flags.idle_minutes * 60, steady_seconds());
  while (!is_cancelled(&context.cancel)) {
    std::this_thread::sleep_for(kLook);
    bag.show_life();
    const SpeechFigures figures = server.figures();
    const bool is_busy = figures.speaking + figures.waiting > 0 || life.is_night_running();
    if (watch.is_over(is_busy, figures.prompt_tokens + figures.completion_tokens, steady_seconds())) return true;
  }
  return false;
}

// Answers whether it ended because nobody asked anything.
Result<bool> serve_until_the_end(AppContext& context, const ServeFlags& flags) {
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
  BANCHU_TRY(const std::shared_ptr<ServedLife> life, ServedLife::open(context, flags.personas, "/proc/self/exe"));
  BANCHU_TRY(const std::unique_ptr<Server> server, Server::open(model, options, house_of(bag, model, life)));
  announce(context, flags, *server, keeps);
  std::thread listening([&server] { server->run(); });
  const bool is_idle = wait_for_the_end(context, flags, *server, *bag, *life);
  server->stop();
  listening.join();
  return is_idle;
}

Result<int> run_serve(AppContext& context, const ServeFlags& flags) {
  if (!flags.new_key.empty()) return make_key(context, flags);
  BANCHU_TRY(const bool is_idle, serve_until_the_end(context, flags));
  if (!is_idle) return 0;
  context.note(context.said("nobody has asked anything for {} minutes; the server has ended", flags.idle_minutes));
  run_then(context, flags.then, "idle");
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
  serve->add_option("--persona", flags->personas, "A mask that clients may choose: a YAML file")->type_name("FILE");
  serve->add_option("--alias", flags->aliases, "Another name that clients may ask for")->type_name("NAME");
  serve->add_option("--idle-limit", flags->idle_minutes, "Ends when nobody was answered and no night ran for so long")
      ->type_name("MINUTES")
      ->check(CLI::Range(0.0, 1e6));
  serve->add_option("--then", flags->then, "A command of yours for when the idle limit has ended it")
      ->type_name("COMMAND");
  on_run(serve, context, [&context, flags] { return run_serve(context, *flags); });
}

}  // namespace banchu
