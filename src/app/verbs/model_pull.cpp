// model pull: brings a model into the shared folder, from the web, a hub, a file or an Ollama store.
#include <fmt/format.h>

#include <cstdlib>

#include "app/model_facts.h"
#include "app/open.h"
#include "app/progress_bar.h"
#include "app/verbs/model.h"
#include "base/clock.h"
#include "base/text.h"
#include "model/pull.h"

namespace banchu {
namespace {

constexpr int kMostConnections = 16;
constexpr const char* kHub = "https://huggingface.co";

struct PullFlags {
  std::string source;
  std::string as;
  std::vector<std::string> digests;
  int connections = 4;
  bool allow_local = false;
  bool repin = false;
};

std::string environment(const char* name, const char* fallback) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : fallback;
}

Result<PullRequest> request_of(const PullFlags& flags) {
  PullRequest request;
  BANCHU_TRY(request.source, read_model_source(flags.source, flags.as, environment("HF_ENDPOINT", kHub)));
  request.folder = shared_models_folder();
  for (const std::string& digest : flags.digests) {
    request.digests.push_back(fold(digest));
    if (!is_sha256(request.digests.back()))
      return make_error(Code::InvalidArgument, fmt::format("\"{}\" is no SHA-256", shorten(digest, 80)),
                        "it has 64 hexadecimal digits");
  }
  request.repin = flags.repin;
  request.download.connections = flags.connections;
  request.download.allow_local = flags.allow_local;
  if (request.source.is_hub) request.download.token = environment("HF_TOKEN", "");
  return request;
}

Json files_to_json(const std::vector<PulledFile>& files) {
  Json list = Json::array();
  for (const PulledFile& file : files) {
    list.push_back({{"path", file.path.string()},
                    {"digest", file.digest},
                    {"bytes", file.bytes},
                    {"kept_bytes", file.kept_bytes},
                    {"began_anew", file.began_anew},
                    {"was_there", file.was_there}});
  }
  return list;
}

void print_files(const AppContext& context, const std::vector<PulledFile>& files) {
  for (const PulledFile& file : files) {
    if (file.was_there) {
      context.say("{} is there already, whole ({})", file.path.string(), format_bytes(file.bytes));
    } else {
      context.print(fmt::format("{}  {}", file.path.string(), format_bytes(file.bytes)));
    }
    if (file.kept_bytes > 0) context.say("  went on from {} of an earlier try", format_bytes(file.kept_bytes));
    if (file.began_anew) context.say("  the file had changed since the earlier try, so it was fetched anew");
    context.say("  SHA-256 {}", file.digest);
  }
}

Result<int> run_pull(AppContext& context, const PullFlags& flags) {
  BANCHU_TRY(const PullRequest request, request_of(flags));
  const double began = steady_seconds();
  ProgressBar bar(context);
  Result<std::vector<PulledFile>> files = pull_model(request, bar.sink(), &context.cancel);
  bar.finish();
  if (!files) return std::move(files).error();
  const double seconds = steady_seconds() - began;
  print_files(context, *files);
  BANCHU_TRY(const ModelFacts facts, model_facts(files->front().path));
  context.answer({{"path", facts.path.string()},
                  {"digest", files->front().digest},
                  {"files", files_to_json(*files)},
                  {"bytes", facts.info.bytes},
                  {"architecture", facts.info.architecture},
                  {"quantisation", facts.info.quantisation},
                  {"license", facts.info.license},
                  {"can_talk", facts.can_talk.has_value()},
                  {"can_be_trained", facts.can_train.has_value()},
                  {"why_not", facts.can_train ? Json() : Json(facts.can_train.error().message)},
                  {"seconds", seconds}});
  context.print(talk_line(context, facts));
  context.print(grow_line(context, facts));
  context.say("talk with it: banchu --model {} chat --mode sandbox", facts.path.filename().string());
  return 0;
}

}  // namespace

void add_model_pull_verb(CLI::App& model, AppContext& context) {
  auto flags = std::make_shared<PullFlags>();
  CLI::App* verb = add_verb(model, "pull", "Brings a model from the web, a hub, a file or an Ollama store",
                            "banchu model pull hf:owner/repository/model-q4_k_m.gguf");
  verb->add_option("SOURCE", flags->source,
                   "https://..., hf:owner/repository/file.gguf, ollama:name:tag, or a file; of a split model any part")
      ->required();
  verb->add_option("--as", flags->as, "Another name for the file here")->type_name("NAME.gguf");
  verb->add_option("--sha256", flags->digests, "The digest it must have (once for each part)")->type_name("DIGEST");
  verb->add_option("--connections", flags->connections, "How many ranges are fetched at once")
      ->check(CLI::Range(1, kMostConnections))
      ->type_name("N");
  verb->add_flag("--allow-local", flags->allow_local, "The server may be on this machine or in your own network");
  verb->add_flag("--repin", flags->repin, "Takes a file that differs from the one pulled first");
  on_run(verb, context, [&context, flags] { return run_pull(context, *flags); });
}

}  // namespace banchu
