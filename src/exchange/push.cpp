#include "exchange/push.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/json.h"
#include "model/remote_server.h"

namespace banchu {
namespace {

constexpr int kLookSeconds = 30;
constexpr int kFound = 200, kNotFound = 404;

Result<HttpAnswer> ask(const AdapterServer& server, const std::string& method, const std::string& door,
                       const std::string& body, const CancelFlag* cancel) {
  HttpRequest request;
  request.url = server.origin + door;
  request.method = method;
  request.body = body;
  if (method != "POST") request.answer_seconds = kLookSeconds;
  if (!server.key.empty()) {
    BANCHU_TRY(auto header, bearer_header(server.key));
    request.headers.push_back(std::move(header));
  }
  BANCHU_TRY(HttpAnswer answer, http_send(request, cancel));
  if (auto error = common_refusal(server.origin, answer)) return std::move(*error);
  return answer;
}

Error refused(const AdapterServer& server, const HttpAnswer& answer, const char* hint) {
  return make_error(
      Code::FailedPrecondition,
      fmt::format("{} did not take the adapter ({}): {}", server.origin, answer.status, refusal_text(answer)), hint);
}

// The rows of /v1/models; empty where there are none.
Result<Json> models_of(const AdapterServer& server, const CancelFlag* cancel) {
  BANCHU_TRY(const HttpAnswer answer, ask(server, "GET", "/v1/models", "", cancel));
  const Result<Json> list = is_good(answer) ? parse_json(answer.body, "the list of models") : Json();
  const bool has_rows = list && list->is_object() && list->contains("data") && (*list)["data"].is_array();
  return has_rows ? (*list)["data"] : Json::array();
}

bool any_row(const Json& rows, const char* key, const std::string& value) {
  return std::any_of(rows.begin(), rows.end(),
                     [&](const Json& row) { return row.is_object() && string_at(row, key) == value; });
}

Status send_blob(const AdapterServer& server, const std::filesystem::path& file, const std::string& digest,
                 const CancelFlag* cancel) {
  const std::string door = "/api/blobs/sha256:" + digest;
  BANCHU_TRY(const HttpAnswer there, ask(server, "HEAD", door, "", cancel));
  if (there.status == kFound) return {};
  HttpRequest request;
  request.url = server.origin + door;
  request.body_file = file;
  request.content_type = "application/octet-stream";
  if (!server.key.empty()) {
    BANCHU_TRY(auto header, bearer_header(server.key));
    request.headers.push_back(std::move(header));
  }
  BANCHU_TRY(const HttpAnswer sent, http_send(request, cancel));
  if (auto error = common_refusal(server.origin, sent)) return std::move(*error);
  return is_good(sent) ? Status() : refused(server, sent, "is it an Ollama, and has it room on its disk?");
}

}  // namespace

const char* name_of(AdapterServerKind kind) { return kind == AdapterServerKind::vllm ? "vLLM" : "Ollama"; }

Result<AdapterServer> find_adapter_server(const std::string& url, const std::string& key, const CancelFlag* cancel) {
  BANCHU_TRY(std::string base, server_base(url));
  if (base.ends_with("/v1")) base.resize(base.size() - 3);
  AdapterServer server{AdapterServerKind::vllm, base, key};
  BANCHU_TRY(const Json rows, models_of(server, cancel));
  if (any_row(rows, "owned_by", "vllm")) return server;
  server.kind = AdapterServerKind::ollama;
  BANCHU_TRY(const HttpAnswer version, ask(server, "GET", "/api/version", "", cancel));
  const Result<Json> told = is_good(version) ? parse_json(version.body, "the version") : Json();
  if (told && told->is_object() && told->contains("version") && !any_row(rows, "owned_by", "banchu")) return server;
  return make_error(Code::Unsupported, fmt::format("{} takes no adapters: it is neither a vLLM nor an Ollama", base),
                    "a llama-server takes them when it starts, `--lora FILE`; `banchu export adapter --to FILE.gguf` "
                    "makes the file");
}

Result<bool> push_to_vllm(const AdapterServer& server, const std::string& name, const std::filesystem::path& folder,
                          const CancelFlag* cancel) {
  BANCHU_TRY(const Json rows, models_of(server, cancel));
  if (any_row(rows, "id", name)) return false;
  const std::string body = to_line({{"lora_name", name}, {"lora_path", folder.string()}});
  BANCHU_TRY(const HttpAnswer answer, ask(server, "POST", "/v1/load_lora_adapter", body, cancel));
  if (is_good(answer)) return true;
  const bool has_no_door = answer.status == kNotFound && refusal_text(answer) == "Not Found";
  if (has_no_door || answer.status == 405)
    return make_error(Code::Unsupported, fmt::format("the vLLM at {} loads no adapters while it runs", server.origin),
                      "start it with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=1 in its environment");
  return refused(server, answer, "it reads the folder from its own disk, and ranks up to its --max-lora-rank");
}

Status push_to_ollama(const AdapterServer& server, const OllamaPush& push, const ProgressSink& progress,
                      const CancelFlag* cancel) {
  BANCHU_TRY(const std::string adapter_digest, sha256_file(push.adapter));
  const auto tell = [&](std::uint64_t done) {
    if (progress) progress({"pushing", done, 3, "step", ""});
  };
  tell(0);
  BANCHU_TRY_STATUS(send_blob(server, push.base, push.base_digest, cancel));
  tell(1);
  BANCHU_TRY_STATUS(send_blob(server, push.adapter, adapter_digest, cancel));
  tell(2);
  const std::string body = to_line({{"model", push.name},
                                    {"files", {{"model.gguf", "sha256:" + push.base_digest}}},
                                    {"adapters", {{"adapter.gguf", "sha256:" + adapter_digest}}},
                                    {"stream", false}});
  BANCHU_TRY(const HttpAnswer answer, ask(server, "POST", "/api/create", body, cancel));
  const Result<Json> told = parse_json(answer.body, "the answer");
  const bool is_made = is_good(answer) && told && told->is_object() && string_at(*told, "status") == "success";
  if (!is_made) return refused(server, answer, "does this Ollama know the model's family and its adapters?");
  tell(3);
  return {};
}

}  // namespace banchu
