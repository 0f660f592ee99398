#include "app/remote.h"

#include <fmt/format.h>

#include <cstdlib>

#include "app/export_source.h"
#include "app/open.h"
#include "app/progress_bar.h"
#include "base/file.h"
#include "base/text.h"
#include "exchange/push.h"
#include "model/model_digest.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kMostKeyBytes = 1u << 16;
constexpr const char* kKeyVariable = "BANCHU_VIA_KEY";

Result<Adapter> whole_adapter(const ExportSource& source) {
  if (source.terms.empty())
    return make_error(Code::FailedPrecondition,
                      fmt::format("self {} is the bare model: it has no adapter to push", source.self),
                      "the first night that is promoted makes one");
  return sum_adapters(source.terms);
}

Result<bool> to_vllm(const AppContext& context, const AdapterServer& server, const ExportSource& source,
                     const Adapter& adapter, const fs::path& folder, const std::string& name) {
  BANCHU_TRY_STATUS(write_peft(adapter, *source.base, folder, FloatFormat::f32));
  return push_to_vllm(server, name, folder, &context.cancel);
}

Status to_ollama(const AppContext& context, const AdapterServer& server, const Adapter& adapter, const fs::path& base,
                 const std::string& base_digest, const std::string& name) {
  BANCHU_TRY(const TemporaryFolder scratch, TemporaryFolder::create("banchu-push"));
  const fs::path file = scratch.path() / "adapter.gguf";
  BANCHU_TRY_STATUS(write_adapter(adapter, file));
  ProgressBar bar(context);
  const Status pushed = push_to_ollama(server, {name, base, base_digest, file}, bar.sink(), &context.cancel);
  bar.clear();
  return pushed;
}

}  // namespace

Result<std::string> server_key(const std::string& file) {
  if (!file.empty()) {
    BANCHU_TRY(const std::string text, read_file(file, kMostKeyBytes));
    if (trim(text).empty())
      return make_error(Code::InvalidArgument, file + " holds no key", "one line with the key alone");
    return trim(text);
  }
  const char* environment = std::getenv(kKeyVariable);
  return environment != nullptr ? trim(environment) : std::string();
}

Result<std::unique_ptr<RemoteChat>> open_remote_chat(const AppContext& context, const std::string& url,
                                                     const std::string& key_file) {
  RemoteServer server;
  server.url = url;
  server.model = context.options.model;
  BANCHU_TRY(server.key, server_key(key_file));
  return RemoteChat::open(server, &context.cancel);
}

Result<Pushed> push_self(const AppContext& context, const Bag& bag, const Self& self, const PushFlags& flags) {
  BANCHU_TRY(const std::string key, server_key(flags.key_file));
  BANCHU_TRY(const ExportSource source, open_export_source(context, self.id, {}));
  BANCHU_TRY(const Adapter adapter, whole_adapter(source));
  BANCHU_TRY(const AdapterServer server, find_adapter_server(flags.url, key, &context.cancel));
  Pushed pushed{name_of(server.kind), server.origin + "/v1", "banchu-" + self.id, false};
  if (server.kind == AdapterServerKind::vllm) {
    std::error_code failure;
    const fs::path given = flags.folder.empty() ? bag.folder() / "exports" : fs::path(flags.folder);
    const fs::path folder = fs::absolute(given / pushed.name, failure);
    BANCHU_TRY(const bool is_new, to_vllm(context, server, source, adapter, folder, pushed.name));
    pushed.was_there = !is_new;
    return pushed;
  }
  BANCHU_TRY(const std::string digest, model_digest(source.base->path()));
  BANCHU_TRY_STATUS(check_base(self, digest));
  BANCHU_TRY_STATUS(to_ollama(context, server, adapter, source.base->path(), digest, pushed.name));
  return pushed;
}

Json pushed_to_json(const Pushed& pushed) {
  return {{"kind", pushed.kind}, {"url", pushed.url}, {"name", pushed.name}, {"was_there", pushed.was_there}};
}

void tell_pushed(const AppContext& context, const Pushed& pushed) {
  if (pushed.was_there) {
    context.say("the {} at {} had {} already", pushed.kind, pushed.url, pushed.name);
  } else {
    context.say("pushed to the {} at {} as {}", pushed.kind, pushed.url, pushed.name);
  }
  context.note(context.said("to talk through it: banchu chat --via {} --model {}", pushed.url, pushed.name));
}

}  // namespace banchu
