// Pulling from servers that break, lie, change and send elsewhere.
#include "model/pull.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>

#include "base/digest.h"
#include "base/file.h"
#include "model/partial_file.h"
#include "model/pinned_digests.h"
#include "tests/base/hostile_server.h"
#include "tests/model/gguf_writer.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
using test::answer_of;
using test::Ask;
using test::honest;
using test::HostileServer;

constexpr std::uint64_t kChunk = 16 << 10;

// 200 KB that differ with `seed`.
std::string gguf(float seed, std::uint32_t version = 3) {
  GgufWriter writer;
  writer.text("general.architecture", "llama");
  std::vector<float> data(50000);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = seed + static_cast<float>(i);
  writer.tensor("blk.0.weight", {50000}, data);
  return writer.bytes(version);
}

std::string part(std::uint16_t number, std::uint16_t count) {
  GgufWriter writer;
  writer.text("general.architecture", "llama");
  writer.number<std::uint16_t>("split.no", 2, number);
  writer.number<std::uint16_t>("split.count", 2, count);
  writer.tensor("blk." + std::to_string(number) + ".weight", {1000},
                std::vector<float>(1000, static_cast<float>(number)));
  return writer.bytes();
}

class Pulling : public testing::Test {
 protected:
  Result<std::vector<PulledFile>> pull(const std::string& source, const std::string& digest = "",
                                       const CancelFlag* cancel = nullptr) {
    PullRequest request;
    auto read = read_model_source(source, as_, "");
    if (!read) return read.error();
    request.source = *read;
    request.folder = folder();
    if (!digest.empty()) request.digests = {digest};
    request.repin = repin_;
    request.download = {connections_, kChunk, 2, 1, true, ""};
    return pull_model(request, {}, cancel);
  }
  void expect_refused(const Result<std::vector<PulledFile>>& pulled, Code code) {
    ASSERT_FALSE(pulled);
    EXPECT_EQ(pulled.error().code, code) << pulled.error().message;
    EXPECT_FALSE(fs::exists(folder() / "m.gguf"));
  }
  fs::path folder() const { return temporary_.path() / "models"; }
  std::string bytes_of(const std::string& name) const { return read_file(folder() / name).value_or("not there"); }
  bool is_left_over(const std::string& name) const {
    return fs::exists(folder() / (name + ".part")) || fs::exists(folder() / (name + ".part.json"));
  }

  TemporaryFolder temporary_ = TemporaryFolder::create("banchu-pull").value();
  const std::string file_ = gguf(1);
  std::string as_;
  bool repin_ = false;
  int connections_ = 4;
};

TEST_F(Pulling, FetchesInRangesAndPinsTheDigest) {
  HostileServer server([&](const Ask& ask) { return honest(ask, file_, "one"); });
  const auto pulled = pull(server.url("/d/m.gguf"));
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(pulled->front().digest, sha256(file_));
  EXPECT_EQ(bytes_of("m.gguf"), file_);
  EXPECT_FALSE(is_left_over("m.gguf"));
  EXPECT_EQ(server.asks().size(), 1 + (file_.size() + kChunk - 1) / kChunk);
  const auto pins = PinnedDigests::load(folder());
  ASSERT_TRUE(pins);
  ASSERT_NE(pins->find(server.url("/d/m.gguf")), nullptr);
  EXPECT_EQ(pins->find(server.url("/d/m.gguf"))->sha256, sha256(file_));
  const auto again = pull(server.url("/d/m.gguf?key=of-today"));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->front().was_there);
}

TEST_F(Pulling, AServerThatBreaksAgainAndAgainIsGoneOnWith) {
  HostileServer server([&](const Ask& ask) {
    const std::string whole = honest(ask, file_, "one");
    return whole.substr(0, std::min<std::size_t>(whole.size(), 3000));
  });
  const auto pulled = pull(server.url("/m.gguf"));
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(bytes_of("m.gguf"), file_);
  EXPECT_GT(server.asks().size(), file_.size() / 3000);
}

TEST_F(Pulling, AServerThatContradictsItsLengthIsRefused) {
  std::atomic<int> asked = 0;
  HostileServer server([&](const Ask& ask) {
    std::string answer = honest(ask, file_, "one");
    if (++asked < 4) return answer;
    const std::string total = "/" + std::to_string(file_.size());
    return answer.replace(answer.find(total), total.size(), "/" + std::to_string(file_.size() + 8));
  });
  expect_refused(pull(server.url("/m.gguf")), Code::Corruption);
  EXPECT_FALSE(is_left_over("m.gguf"));
}

TEST_F(Pulling, APromisedLengthThatNeverComesIsRefused) {
  const std::string longer = file_ + std::string(40000, 'x');
  HostileServer server([&](const Ask& ask) {
    if (ask.range && ask.range->second >= file_.size()) return answer_of(416, "", "");
    return honest(ask, longer, "one");
  });
  expect_refused(pull(server.url("/m.gguf")), Code::InvalidArgument);
}

TEST_F(Pulling, AFileThatIsShorterThanItsTensorsIsRefused) {
  HostileServer server([&](const Ask& ask) { return honest(ask, file_.substr(0, file_.size() / 2), "one"); });
  expect_refused(pull(server.url("/m.gguf")), Code::Corruption);
  EXPECT_FALSE(is_left_over("m.gguf"));
}

TEST_F(Pulling, OtherBytesThanAskedForAreRefused) {
  HostileServer server([&](const Ask& ask) {
    Ask other = ask;
    if (other.range->first > 0) other.range = {{0, ask.range->second - ask.range->first}};
    return honest(other, file_, "one");
  });
  expect_refused(pull(server.url("/m.gguf")), Code::Corruption);
}

TEST_F(Pulling, AWrongDigestIsRefusedAndNothingIsKept) {
  HostileServer server([&](const Ask& ask) { return honest(ask, file_, "one"); });
  expect_refused(pull(server.url("/m.gguf"), sha256("another")), Code::Corruption);
  EXPECT_FALSE(is_left_over("m.gguf"));
  EXPECT_TRUE(pull(server.url("/m.gguf"), sha256(file_)));
}

TEST_F(Pulling, ADigestThatTheHubNamesMustBeTrue) {
  std::string named = sha256("another");
  HostileServer server([&](const Ask& ask) {
    if (ask.path == "/m.gguf") return answer_of(302, "X-Linked-Etag: \"" + named + "\"\r\nLocation: /blob\r\n", "");
    return honest(ask, file_, "one");
  });
  expect_refused(pull(server.url("/m.gguf")), Code::Corruption);
  named = sha256(file_);
  EXPECT_TRUE(pull(server.url("/m.gguf")));
}

TEST_F(Pulling, ARedirectToAPrivateAddressIsRefused) {
  for (const char* to : {"https://192.168.0.1/m.gguf", "https://localhost/m.gguf", "http://10.0.0.1/m.gguf"}) {
    HostileServer server([&](const Ask&) { return answer_of(302, std::string("Location: ") + to + "\r\n", ""); });
    expect_refused(pull(server.url("/m.gguf")), Code::InvalidArgument);
    EXPECT_EQ(server.asks().size(), 1u);
  }
}

TEST_F(Pulling, AWebPageIsRefusedBeforeItIsFetched) {
  const std::string page = "<!doctype html><html>" + std::string(1 << 20, ' ');
  HostileServer server([&](const Ask&) { return answer_of(200, "Content-Type: text/html\r\n", page); });
  const auto pulled = pull(server.url("/m.gguf"));
  expect_refused(pulled, Code::InvalidArgument);
  EXPECT_NE(pulled.error().message.find("web page"), std::string::npos);
  EXPECT_EQ(server.asks().size(), 1u);
}

TEST_F(Pulling, ANewerVersionAndAMissingFileAreRefusedAtOnce) {
  HostileServer server([&](const Ask& ask) {
    return ask.path == "/m.gguf" ? honest(ask, gguf(1, 9), "one") : answer_of(404, "", "gone");
  });
  expect_refused(pull(server.url("/m.gguf")), Code::Unsupported);
  EXPECT_EQ(server.asks().size(), 1u);
  expect_refused(pull(server.url("/other.gguf")), Code::NotFound);
}

TEST_F(Pulling, AServerThatIgnoresRangesIsReadFromTheBeginning) {
  std::atomic<int> asked = 0;
  HostileServer server([&](const Ask&) {
    const std::string whole = answer_of(200, "", file_);
    return ++asked == 2 ? whole.substr(0, whole.size() / 2) : whole;
  });
  const auto pulled = pull(server.url("/m.gguf"));
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(bytes_of("m.gguf"), file_);
  EXPECT_EQ(server.asks().size(), 3u) << "a look, a break, the whole";
}

TEST_F(Pulling, WhatWasBrokenOffIsGoneOnWith) {
  connections_ = 1;
  std::atomic<int> asked = 0;
  std::atomic<bool> breaks = true;
  HostileServer server(
      [&](const Ask& ask) { return breaks && ++asked > 6 ? answer_of(503, "", "") : honest(ask, file_, "one"); });
  EXPECT_FALSE(pull(server.url("/m.gguf")));
  EXPECT_TRUE(is_left_over("m.gguf"));
  const std::size_t before = server.asks().size();
  breaks = false;
  const auto pulled = pull(server.url("/m.gguf"));
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(pulled->front().kept_bytes, 5 * kChunk);
  EXPECT_EQ(bytes_of("m.gguf"), file_);
  EXPECT_EQ(server.asks().size() - before, 1 + (file_.size() + kChunk - 1) / kChunk - 5);
}

TEST_F(Pulling, AFileThatChangedSinceIsBegunAnew) {
  connections_ = 1;
  std::atomic<int> asked = 0;
  std::atomic<bool> is_new = false;
  const std::string newer = gguf(2);
  HostileServer server([&](const Ask& ask) {
    if (is_new) return honest(ask, newer, "two");
    return ++asked > 6 ? answer_of(503, "", "") : honest(ask, file_, "one");
  });
  EXPECT_FALSE(pull(server.url("/m.gguf")));
  is_new = true;
  const auto pulled = pull(server.url("/m.gguf"));
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_TRUE(pulled->front().began_anew);
  EXPECT_EQ(pulled->front().kept_bytes, 0u);
  EXPECT_EQ(bytes_of("m.gguf"), newer);
}

TEST_F(Pulling, AFileThatChangesUnderOurHandsIsRefused) {
  std::atomic<int> asked = 0;
  HostileServer server([&](const Ask& ask) { return honest(ask, file_, ++asked > 5 ? "two" : "one"); });
  expect_refused(pull(server.url("/m.gguf")), Code::Corruption);
}

TEST_F(Pulling, WithoutAMarkOfItsVersionNothingIsGoneOnWith) {
  connections_ = 1;
  std::atomic<int> asked = 0;
  std::atomic<bool> breaks = true;
  HostileServer server(
      [&](const Ask& ask) { return breaks && ++asked > 6 ? answer_of(503, "", "") : honest(ask, file_, ""); });
  EXPECT_FALSE(pull(server.url("/m.gguf")));
  breaks = false;
  const auto pulled = pull(server.url("/m.gguf"));
  ASSERT_TRUE(pulled);
  EXPECT_EQ(pulled->front().kept_bytes, 0u);
  EXPECT_EQ(bytes_of("m.gguf"), file_);
}

TEST_F(Pulling, CtrlCKeepsWhatHasArrived) {
  connections_ = 1;
  CancelFlag cancel{false};
  std::atomic<int> asked = 0;
  HostileServer server([&](const Ask& ask) {
    if (++asked == 5) cancel = true;
    return honest(ask, file_, "one");
  });
  const auto stopped = pull(server.url("/m.gguf"), "", &cancel);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, Code::Cancelled);
  cancel = false;
  const auto pulled = pull(server.url("/m.gguf"));
  ASSERT_TRUE(pulled);
  EXPECT_GE(pulled->front().kept_bytes, 3 * kChunk);
  EXPECT_EQ(bytes_of("m.gguf"), file_);
}

TEST_F(Pulling, ASecondPullWithAnotherDigestIsRefusedUntilItIsRepinned) {
  std::string served = file_;
  HostileServer server([&](const Ask& ask) { return honest(ask, served, sha256(served)); });
  ASSERT_TRUE(pull(server.url("/m.gguf")));
  fs::remove(folder() / "m.gguf");
  served = gguf(2);
  const auto refused = pull(server.url("/m.gguf"));
  expect_refused(refused, Code::Corruption);
  EXPECT_NE(refused.error().hint.find("--repin"), std::string::npos);
  repin_ = true;
  EXPECT_TRUE(pull(server.url("/m.gguf")));
  EXPECT_EQ(PinnedDigests::load(folder()).value().find(server.url("/m.gguf"))->sha256, sha256(served));
}

TEST_F(Pulling, AFileOfThatNameFromElsewhereIsNotTouched) {
  HostileServer server([&](const Ask& ask) { return honest(ask, file_, "one"); });
  fs::create_directories(folder());
  std::ofstream(folder() / "m.gguf") << "mine";
  const auto refused = pull(server.url("/m.gguf"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::AlreadyExists);
  EXPECT_EQ(bytes_of("m.gguf"), "mine");
  as_ = "other.gguf";
  EXPECT_TRUE(pull(server.url("/m.gguf")));
  EXPECT_EQ(bytes_of("other.gguf"), file_);
}

TEST_F(Pulling, APulledFileThatWasChangedHereIsNoticed) {
  HostileServer server([&](const Ask& ask) { return honest(ask, file_, "one"); });
  ASSERT_TRUE(pull(server.url("/m.gguf")));
  std::ofstream(folder() / "m.gguf", std::ios::app) << "x";
  const auto refused = pull(server.url("/m.gguf"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::Corruption);
}

TEST_F(Pulling, WhatFitsNoDiskIsRefusedBeforeItIsFetched) {
  HostileServer server([&](const Ask&) {
    return answer_of(206, "ETag: \"e\"\r\nContent-Range: bytes 0-7/1152921504606846976\r\n", file_.substr(0, 8));
  });
  expect_refused(pull(server.url("/m.gguf")), Code::NoSpace);
  EXPECT_EQ(server.asks().size(), 1u);
}

TEST_F(Pulling, OfASplitModelEveryPartIsPulled) {
  HostileServer server([&](const Ask& ask) {
    const int number = ask.path.find("00001-of") != std::string::npos   ? 0
                       : ask.path.find("00002-of") != std::string::npos ? 1
                                                                        : 2;
    return honest(ask, part(static_cast<std::uint16_t>(number), 3), "p" + std::to_string(number));
  });
  const auto pulled = pull(server.url("/m-00002-of-00003.gguf"));
  ASSERT_TRUE(pulled) << pulled.error().message;
  ASSERT_EQ(pulled->size(), 3u);
  EXPECT_EQ(bytes_of("m-00001-of-00003.gguf"), part(0, 3));
  EXPECT_EQ(bytes_of("m-00003-of-00003.gguf"), part(2, 3));
}

TEST_F(Pulling, PartsThatWereMixedUpAreRefusedAndNoneIsKept) {
  HostileServer server([&](const Ask& ask) { return honest(ask, part(0, 2), "p"); });
  const auto refused = pull(server.url("/m-00001-of-00002.gguf"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::Corruption);
  EXPECT_FALSE(fs::exists(folder() / "m-00001-of-00002.gguf"));
  HostileServer alone([&](const Ask& ask) { return honest(ask, part(1, 3), "p"); });
  expect_refused(pull(alone.url("/m.gguf")), Code::InvalidArgument);
}

TEST_F(Pulling, AFileOfThisMachineIsCopiedAndChecked) {
  const fs::path own = temporary_.path() / "m.gguf";
  std::ofstream(own, std::ios::binary) << file_;
  const auto pulled = pull(own.string());
  ASSERT_TRUE(pulled) << pulled.error().message;
  EXPECT_EQ(bytes_of("m.gguf"), file_);
  const fs::path broken = temporary_.path() / "broken.gguf";
  std::ofstream(broken, std::ios::binary) << file_.substr(0, 1000);
  EXPECT_FALSE(pull(broken.string()));
  EXPECT_FALSE(is_left_over("broken.gguf"));
  EXPECT_FALSE(pull("/nowhere/m.gguf"));
}

TEST(PartialFileOnDisk, OneProcessAtATimeAndWhatIsDamagedIsBegunAnew) {
  const TemporaryFolder folder = TemporaryFolder::create("banchu-part").value();
  const fs::path path = folder.path() / "m.gguf.part";
  const PartialIdentity identity{"https://a.org/m.gguf", "\"one\"", 100};
  {
    const auto first = PartialFile::open(path, identity, 30);
    ASSERT_TRUE(first);
    const auto second = PartialFile::open(path, identity, 30);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::Busy);
    auto piece = (*first)->take();
    ASSERT_TRUE(piece);
    ASSERT_TRUE((*first)->write(*piece, std::string(20, 'x')));
    ASSERT_TRUE((*first)->save());
  }
  EXPECT_EQ(PartialFile::open(path, identity, 7).value()->kept_bytes(), 20u);
  for (const char* record : {"", "{}", "[1]",
                             R"({"format":1,"file":"https://a.org/m.gguf","mark":"\"one\"","bytes":100,)"
                             R"("chunk_bytes":30,"have":[31,0,0,0]})"}) {
    std::ofstream(path.string() + ".json") << record;
    EXPECT_EQ(PartialFile::open(path, identity, 30).value()->kept_bytes(), 0u) << record;
  }
}

}  // namespace
}  // namespace banchu
