#include "exchange/push.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/exchange/adapter_servers.h"

namespace banchu {
namespace {

using test::FakeOllama;
using test::FakeVllm;

class Push : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& name, const std::string& bytes) {
    const auto path = folder_.path() / name;
    EXPECT_TRUE(write_file_atomic(path, bytes));
    return path;
  }
  AdapterServer found(const std::string& url) {
    const auto server = find_adapter_server(url, "", nullptr);
    EXPECT_TRUE(server) << server.error().message;
    return server ? *server : AdapterServer();
  }

  TemporaryFolder folder_ = TemporaryFolder::create("banchu-push-test").value();
};

TEST_F(Push, AnOllamaGetsTheVeryBaseAndTheAdapterAndMakesAModelOfThem) {
  FakeOllama ollama;
  const std::string base = "GGUF" + std::string(3u << 20, 'b'), adapter = "GGUF adapter";
  const auto server = found(ollama.url() + "/v1");
  EXPECT_EQ(server.kind, AdapterServerKind::ollama);
  std::uint64_t steps = 0;
  const OllamaPush push{"banchu-1", file("base.gguf", base), sha256(base), file("adapter.gguf", adapter)};
  const Status pushed = push_to_ollama(
      server, push, [&](const Progress& told) { steps = told.done; }, nullptr);
  ASSERT_TRUE(pushed) << pushed.error().message;
  EXPECT_EQ(steps, 3u);
  EXPECT_EQ(ollama.blobs[sha256(base)], base);
  EXPECT_EQ(ollama.blobs[sha256(adapter)], adapter);
  EXPECT_EQ(ollama.made["banchu-1"]["files"]["model.gguf"], "sha256:" + sha256(base));
  EXPECT_EQ(ollama.made["banchu-1"]["adapters"]["adapter.gguf"], "sha256:" + sha256(adapter));
}

TEST_F(Push, ABaseThatTheOllamaHasIsNotSentAgain) {
  FakeOllama ollama;
  ollama.blobs[sha256("GGUF base")] = "GGUF base";
  const OllamaPush push{"banchu-1", file("base.gguf", "GGUF base"), sha256("GGUF base"), file("a.gguf", "GGUF a")};
  ASSERT_TRUE(push_to_ollama(found(ollama.url()), push, {}, nullptr));
  int sent = 0;
  for (const std::string& call : ollama.calls()) sent += call.starts_with("POST /api/blobs/") ? 1 : 0;
  EXPECT_EQ(sent, 1);
}

TEST_F(Push, WhatAnOllamaRefusesIsToldInItsWords) {
  FakeOllama ollama;
  const OllamaPush push{"banchu-1", file("base.gguf", "no model"), sha256("no model"), file("a.gguf", "GGUF a")};
  const Status pushed = push_to_ollama(found(ollama.url()), push, {}, nullptr);
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().code, Code::FailedPrecondition);
  EXPECT_NE(pushed.error().message.find("(400): unsupported file"), std::string::npos) << pushed.error().message;
  EXPECT_TRUE(ollama.made.empty());
}

TEST_F(Push, AVllmLoadsTheFolderOnceByItsName) {
  FakeVllm vllm;
  const auto server = found(vllm.url());
  EXPECT_EQ(server.kind, AdapterServerKind::vllm);
  file("adapter_config.json", "{}");
  file("adapter_model.safetensors", "x");
  const auto first = push_to_vllm(server, "banchu-1", folder_.path(), nullptr);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_TRUE(*first);
  EXPECT_EQ(vllm.loaded["banchu-1"], folder_.path().string());
  const auto again = push_to_vllm(server, "banchu-1", folder_.path(), nullptr);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_FALSE(*again) << "a name that is loaded is left alone";
}

TEST_F(Push, AVllmThatCannotLoadSaysWhatItNeeds) {
  FakeVllm vllm(false);
  const auto closed = push_to_vllm(found(vllm.url()), "banchu-1", folder_.path(), nullptr);
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, Code::Unsupported);
  EXPECT_NE(closed.error().hint.find("VLLM_ALLOW_RUNTIME_LORA_UPDATING"), std::string::npos);
  FakeVllm open;
  const auto missing = push_to_vllm(found(open.url()), "banchu-1", folder_.path() / "nowhere", nullptr);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::FailedPrecondition);
  EXPECT_NE(missing.error().message.find("No adapter found"), std::string::npos) << missing.error().message;
}

TEST_F(Push, AServerThatTakesNoAdaptersIsToldSo) {
  class Plain : public test::ServerOnLoopback {
   public:
    Plain() {
      server_.Get("/v1/models", [](const httplib::Request&, httplib::Response& response) {
        say(response, 200, {{"data", Json::array({{{"id", "x"}, {"owned_by", "llamacpp"}}})}});
      });
      start();
    }
  } plain;
  const auto server = find_adapter_server(plain.url(), "", nullptr);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, Code::Unsupported);
}

TEST_F(Push, AStopBeforeItBeginsSendsNothing) {
  FakeOllama ollama;
  const auto server = found(ollama.url());
  const CancelFlag cancel{true};
  const OllamaPush push{"banchu-1", file("base.gguf", "GGUF"), sha256("GGUF"), file("a.gguf", "GGUF a")};
  const Status pushed = push_to_ollama(server, push, {}, &cancel);
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().code, Code::Cancelled);
  EXPECT_TRUE(ollama.blobs.empty());
}

}  // namespace
}  // namespace banchu
