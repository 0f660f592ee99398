// A server on this machine's own loopback that speaks OpenAI's protocol as a test tells it to, faults included.
#pragma once

#include <httplib.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/json.h"

namespace banchu::test {

inline std::string text_chunk(const std::string& text) {
  return "data: " + to_line({{"id", "1"}, {"choices", Json::array({{{"index", 0}, {"delta", {{"content", text}}}}})}}) +
         "\n\n";
}

inline std::string end_chunk(const std::string& reason) {
  return "data: " + to_line({{"choices", Json::array({{{"delta", Json::object()}, {"finish_reason", reason}}})}}) +
         "\n\n";
}

inline std::string usage_chunk(int prompt, int completion) {
  return "data: " +
         to_line(
             {{"choices", Json::array()}, {"usage", {{"prompt_tokens", prompt}, {"completion_tokens", completion}}}}) +
         "\n\n";
}

inline std::string whole_stream(const std::vector<std::string>& pieces) {
  std::string stream;
  for (const std::string& piece : pieces) stream += text_chunk(piece);
  return stream + end_chunk("stop") + usage_chunk(12, static_cast<int>(pieces.size())) + "data: [DONE]\n\n";
}

class FakeOpenAi {
 public:
  using Chat = std::function<void(const Json& body, httplib::Response&)>;

  FakeOpenAi() {
    server_.Get("/v1/models", [this](const httplib::Request& request, httplib::Response& response) {
      note(request);
      if (on_models) return on_models(response);
      Json rows = Json::array();
      for (const std::string& name : models) rows.push_back({{"id", name}, {"object", "model"}});
      response.set_content(to_line({{"object", "list"}, {"data", rows}}), "application/json");
    });
    server_.Post("/v1/chat/completions", [this](const httplib::Request& request, httplib::Response& response) {
      note(request);
      const Json body = parse_json(request.body, "what was asked").value_or(Json());
      {
        const std::scoped_lock lock(mutex_);
        asked_.push_back(body);
      }
      on_chat(body, response);
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    server_.wait_until_ready();
  }
  ~FakeOpenAi() {
    let_go();
    server_.stop();
    thread_.join();
  }
  FakeOpenAi(const FakeOpenAi&) = delete;
  FakeOpenAi& operator=(const FakeOpenAi&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }
  std::vector<Json> asked() const {
    const std::scoped_lock lock(mutex_);
    return asked_;
  }
  std::vector<std::string> keys() const {  // of every request
    const std::scoped_lock lock(mutex_);
    return keys_;
  }

  static void stream(httplib::Response& response, const std::string& events) {
    response.set_content(events, "text/event-stream");
  }
  static void refuse(httplib::Response& response, int status, const Json& body) {
    response.status = status;
    response.set_content(to_line(body), "application/json");
  }
  // Sends `events` and closes the connection where more was promised.
  static void break_off(httplib::Response& response, const std::string& events) {
    response.set_chunked_content_provider("text/event-stream", [events](std::size_t offset, httplib::DataSink& sink) {
      return offset == 0 && sink.write(events.data(), events.size());
    });
  }
  // Sends `events` and says nothing more until let_go().
  void fall_silent(httplib::Response& response, const std::string& events) {
    response.set_chunked_content_provider("text/event-stream", [=, this](std::size_t, httplib::DataSink& sink) {
      sink.write(events.data(), events.size());
      std::unique_lock lock(mutex_);
      gone_.wait(lock, [this] { return is_let_go_; });
      return false;
    });
  }
  void let_go() {
    {
      const std::scoped_lock lock(mutex_);
      is_let_go_ = true;
    }
    gone_.notify_all();
  }

  std::vector<std::string> models = {"tiny"};
  std::function<void(httplib::Response&)> on_models;
  Chat on_chat = [](const Json&, httplib::Response& response) { stream(response, whole_stream({"Once", " upon."})); };

 private:
  void note(const httplib::Request& request) {
    const std::scoped_lock lock(mutex_);
    keys_.push_back(request.get_header_value("Authorization"));
  }

  httplib::Server server_;
  std::thread thread_;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable gone_;
  bool is_let_go_ = false;
  std::vector<Json> asked_;
  std::vector<std::string> keys_;
};

}  // namespace banchu::test
