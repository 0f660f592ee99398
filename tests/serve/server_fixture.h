// A server of the default model on a free port of 127.0.0.1, and a client beside it.
#pragma once

#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "base/json.h"
#include "serve/serve.h"
#include "tests/model/model_fixture.h"

namespace banchu {

class ServerTest : public RealModelTest {
 protected:
  void start(int parallel = 2, std::vector<Key> keys = {}, std::size_t queue = 16) {
    ServeOptions options;
    options.port = 0;
    options.keys = std::move(keys);
    options.speech.session = {1, 512, parallel};
    options.speech.queue = queue;
    options.version = "test";
    auto server = Server::open(model_, options, house());
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    thread_ = std::thread([this] { server_->run(); });
    client_ = std::make_unique<httplib::Client>("127.0.0.1", server_->port());
    client_->set_read_timeout(120);
    while (!client_->Get("/health")) std::this_thread::yield();
  }
  void TearDown() override {
    if (server_ == nullptr) return;
    server_->stop();
    thread_.join();
    server_.reset();
  }

  httplib::Result post(const std::string& path, const Json& body) {
    return client_->Post(path, body.dump(), "application/json");
  }
  static Json ask(const std::string& text, int max_tokens = 12) {
    return {{"messages", Json::array({{{"role", "user"}, {"content", text}}})},
            {"max_tokens", max_tokens},
            {"seed", 7},
            {"temperature", 0}};
  }

  Household house() {
    Household house;
    house.voice = [this] { return voice(); };
    house.keep = [this](const Turn& turn) { return keep(turn); };
    house.selves = []() -> Result<Json> { return Json{{"selves", Json::array()}}; };
    house.wake = [this](const std::string& id) { return wake(id); };
    house.rollback = []() -> Result<Json> { return make_error(Code::FailedPrecondition, "nobody was before"); };
    return house;
  }
  Result<Json> wake(const std::string& id) {
    const std::scoped_lock lock(mutex_);
    if (id == "nobody") return make_error(Code::NotFound, "there is no self nobody");
    voice_ = {id, {}};
    return Json{{"id", id}};
  }
  Result<Voice> voice() {
    const std::scoped_lock lock(mutex_);
    return voice_;
  }
  Status keep(const Turn& turn) {
    const std::scoped_lock lock(mutex_);
    if (!can_keep_) return make_error(Code::NoSpace, "the disk is full");
    kept_.push_back(turn);
    return {};
  }

  std::mutex mutex_;
  Voice voice_;
  bool can_keep_ = true;
  std::vector<Turn> kept_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
  std::unique_ptr<httplib::Client> client_;
};

}  // namespace banchu
