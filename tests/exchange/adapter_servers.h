// Small servers that take adapters as an Ollama and a vLLM do, strictly: what the real ones would refuse is refused.
// Protocols: Ollama's docs/api.md (blobs, create), vLLM's docs/features/lora.md (runtime loading).
#pragma once

#include <httplib.h>

#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/digest.h"
#include "base/json.h"

namespace banchu::test {

class ServerOnLoopback {
 public:
  virtual ~ServerOnLoopback() {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<std::string> calls() const {  // "POST /api/create"
    const std::scoped_lock lock(mutex_);
    return calls_;
  }

 protected:
  void start() {
    server_.set_pre_routing_handler([this](const httplib::Request& request, httplib::Response&) {
      const std::scoped_lock lock(mutex_);
      calls_.push_back(request.method + " " + request.path);
      return httplib::Server::HandlerResponse::Unhandled;
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    server_.wait_until_ready();
  }
  static void say(httplib::Response& response, int status, const Json& body) {
    response.status = status;
    response.set_content(to_line(body), "application/json");
  }

  httplib::Server server_;
  mutable std::mutex mutex_;

 private:
  std::thread thread_;
  int port_ = 0;
  std::vector<std::string> calls_;
};

class FakeOllama : public ServerOnLoopback {
 public:
  FakeOllama() {
    server_.Get("/v1/models", [](const httplib::Request&, httplib::Response& response) {
      say(response, 200, {{"object", "list"}, {"data", Json::array({{{"id", "x:latest"}, {"owned_by", "library"}}})}});
    });
    server_.Get("/api/version", [](const httplib::Request&, httplib::Response& response) {
      say(response, 200, {{"version", "0.12.0"}});
    });
    server_.Get(R"(/api/blobs/sha256:([0-9a-f]{64}))",
                [this](const httplib::Request& request, httplib::Response& response) {
                  const std::scoped_lock lock(mutex_);
                  response.status = blobs.contains(request.matches[1].str()) ? 200 : 404;
                });
    server_.Post(
        R"(/api/blobs/sha256:([0-9a-f]{64}))",
        [this](const httplib::Request& request, httplib::Response& response) { take_blob(request, response); });
    server_.Post("/api/create",
                 [this](const httplib::Request& request, httplib::Response& response) { create(request, response); });
    start();
  }

  std::map<std::string, std::string> blobs;  // by digest
  std::map<std::string, Json> made;          // by name: what it was made of

 private:
  void take_blob(const httplib::Request& request, httplib::Response& response) {
    const std::string digest = request.matches[1].str();
    if (sha256(request.body) != digest) return say(response, 400, {{"error", "digest mismatch"}});
    const std::scoped_lock lock(mutex_);
    blobs[digest] = request.body;
    response.status = 201;
  }
  void create(const httplib::Request& request, httplib::Response& response) {
    const Json body = parse_json(request.body, "create").value_or(Json());
    const std::scoped_lock lock(mutex_);
    if (string_at(body, "model").empty()) return say(response, 400, {{"error", "invalid model name"}});
    for (const char* part : {"files", "adapters"}) {
      if (!body.contains(part)) return say(response, 400, {{"error", "neither 'from' or 'files' was specified"}});
      for (const auto& [name, blob] : body[part].items()) {
        const std::string digest = blob.get<std::string>();
        if (!digest.starts_with("sha256:") || !blobs.contains(digest.substr(7)))
          return say(response, 400, {{"error", "no such blob " + name}});
        if (!blobs[digest.substr(7)].starts_with("GGUF")) return say(response, 400, {{"error", "unsupported file"}});
      }
    }
    made[string_at(body, "model")] = body;
    say(response, 200, {{"status", "success"}});
  }
};

class FakeVllm : public ServerOnLoopback {
 public:
  explicit FakeVllm(bool loads_at_run_time = true) {
    server_.Get("/v1/models", [this](const httplib::Request&, httplib::Response& response) {
      const std::scoped_lock lock(mutex_);
      Json rows = Json::array({{{"id", "base"}, {"owned_by", "vllm"}, {"root", "base"}}});
      for (const auto& [name, path] : loaded) rows.push_back({{"id", name}, {"owned_by", "vllm"}, {"root", path}});
      say(response, 200, {{"object", "list"}, {"data", rows}});
    });
    if (loads_at_run_time) {
      server_.Post("/v1/load_lora_adapter",
                   [this](const httplib::Request& request, httplib::Response& response) { load(request, response); });
    } else {
      server_.Post("/v1/load_lora_adapter", [](const httplib::Request&, httplib::Response& response) {
        say(response, 404, {{"detail", "Not Found"}});
      });
    }
    start();
  }

  std::map<std::string, std::string> loaded;  // by name: the folder

 private:
  void load(const httplib::Request& request, httplib::Response& response) {
    const Json body = parse_json(request.body, "load").value_or(Json());
    const std::string name = string_at(body, "lora_name"), path = string_at(body, "lora_path");
    const auto refuse = [&](int status, const std::string& why) {
      say(response, status, {{"error", {{"message", why}, {"type", "BadRequestError"}, {"code", status}}}});
    };
    if (name.empty() || path.empty()) return refuse(400, "Both 'lora_name' and 'lora_path' must be provided.");
    const std::scoped_lock lock(mutex_);
    if (loaded.contains(name)) return refuse(400, "The lora adapter '" + name + "' has already been loaded.");
    for (const char* file : {"adapter_config.json", "adapter_model.safetensors"}) {
      if (!std::filesystem::exists(std::filesystem::path(path) / file))
        return refuse(404, "No adapter found for " + path);
    }
    loaded[name] = path;
    response.set_content("Success: LoRA adapter '" + name + "' added successfully.", "text/plain");
  }
};

}  // namespace banchu::test
