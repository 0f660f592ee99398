#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <set>

#include "base/atomic_file.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "base/yaml.h"

namespace banchu {
namespace {

TEST(Clock, ReadsRfc3339WithOffsetsAndPlainDates) {
  EXPECT_EQ(parse_time("1970-01-02T00:00:00Z").value(), 86400);
  EXPECT_EQ(parse_time("1970-01-02T09:00:00+09:00").value(), 86400);
  EXPECT_EQ(parse_time("1970-01-02").value(), 86400);
  EXPECT_EQ(parse_time("1970-01-02T00:00:00.25Z").value(), 86400);
  EXPECT_EQ(format_time(86400), "1970-01-02T00:00:00Z");
  for (const char* bad : {"", "yesterday", "1970-13-01", "1970-01-02T00:00:00", "1970-01-02T00:00:00Zx", "2026-02-30",
                          "2026-02-29T00:00:00Z", "2026-04-31"}) {
    EXPECT_FALSE(parse_time(bad)) << bad;
  }
  EXPECT_EQ(format_time(parse_time("2024-02-29T23:59:59Z").value()), "2024-02-29T23:59:59Z");
  EXPECT_EQ(format_time(parse_time("2016-12-31T23:59:60Z").value()), "2017-01-01T00:00:00Z");  // a leap second
}

TEST(Digest, IsSha256) {
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_NE(random_id(), random_id());
}

TEST(File, WritesAtomicallyAndReadsBackWithALimit) {
  auto folder = TemporaryFolder::create("banchu-base");
  ASSERT_TRUE(folder);
  const auto path = folder->path() / "note";
  ASSERT_TRUE(write_file_atomic(path, "first"));
  ASSERT_TRUE(write_file_atomic(path, "second"));
  EXPECT_EQ(read_file(path).value(), "second");
  EXPECT_EQ(read_file(path, 3).error().code, Code::InvalidArgument);
  EXPECT_EQ(read_file(folder->path() / "absent").error().code, Code::NotFound);
  EXPECT_EQ(sha256_file(path).value(), sha256("second"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder->path()), {}), 1);  // no temporary left
}

TEST(Json, RefusesDeepNestingAndNamesTheSource) {
  EXPECT_EQ(parse_json("{\"a\":[1]}", "x")->at("a")[0], 1);
  const std::string deep = std::string(100, '[') + std::string(100, ']');
  EXPECT_EQ(parse_json(deep, "x").error().code, Code::InvalidArgument);
  EXPECT_NE(parse_json("{", "night.yaml").error().message.find("night.yaml"), std::string::npos);
  EXPECT_EQ(to_line(Json("\xFF")), "\"\xEF\xBF\xBD\"");
}

TEST(Yaml, KeepsTypesAndNamesTheNearestKey) {
  const Json parsed = parse_yaml("a: 1\nb: 0.5\nc: \"1\"\nd: [x, true]\n", "x").value();
  EXPECT_EQ(parsed.dump(), R"({"a":1,"b":0.5,"c":"1","d":["x",true]})");
  constexpr std::string_view kKnown[] = {"temperature", "top_p"};
  const Status unknown = check_known_keys(parse_yaml("temprature: 1", "x").value(), kKnown, "dori.yaml");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().hint, "did you mean \"temperature\"?");
  EXPECT_FALSE(parse_yaml("a: [", "x"));
  EXPECT_FALSE(parse_yaml("a: 1\na: 2", "x"));
}

TEST(Yaml, AliasesThatExpandWithoutEndAreRefused) {
  std::string bomb = "a: &l0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += fmt::format("l{}: &l{} [", i, i);
    for (int k = 0; k < 9; ++k) bomb += fmt::format("{}*l{}", k == 0 ? "" : ", ", i - 1);
    bomb += "]\n";
  }
  const auto refused = parse_yaml(bomb, "mask.yaml");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("aliases"), std::string::npos) << refused.error().message;
  EXPECT_EQ(parse_yaml("a: &x {k: v}\nb: *x\n", "x")->at("b").dump(), R"({"k":"v"})") << "a small one is fine";
  std::string flat = "[";
  for (int i = 0; i < 5000; ++i) flat += "1,";
  EXPECT_EQ(parse_yaml(flat + "1]", "x")->size(), 5001u) << "many short values are no aliases";
}

TEST(Rng, StreamsAreFixedAndIndependent) {
  Rng rng(1, "split");
  const std::uint64_t first = rng.next();
  EXPECT_EQ(Rng(1, "split").next(), first);
  EXPECT_NE(Rng(1, "other").next(), first);
  Rng resumed(rng.state());
  EXPECT_EQ(resumed.next(), rng.next());
  double sum = 0;
  for (int i = 0; i < 10000; ++i) sum += rng.normal();
  EXPECT_NEAR(sum / 10000, 0, 0.05);
}

TEST(Json, AKeyThatComesTwiceIsRefusedWhereThatMatters) {
  EXPECT_TRUE(parse_json(R"({"a":1,"a":2})", "text"));
  const auto twice = parse_json_unique(R"([{"a":1},{"b":{"a":1,"c":2,"a":3}}])", "text");
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, Code::InvalidArgument);
  EXPECT_TRUE(parse_json_unique(R"([{"a":{"a":1}},{"a":1},{"b":{"a":1}}])", "text")) << "in other objects it may come";
}

TEST(AtomicFile, AppearsWholeOrNotAtAll) {
  const auto folder = TemporaryFolder::create("banchu-base").value();
  const auto path = folder.path() / "x";
  {
    auto file = AtomicFile::create(path);
    ASSERT_TRUE(file && file->write("half"));
    AtomicFile moved = std::move(*file);
    EXPECT_TRUE(moved.write("way"));
    EXPECT_FALSE(std::filesystem::exists(path));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  auto file = AtomicFile::create(path);
  ASSERT_TRUE(file && file->write("one ") && file->write("two") && file->commit());
  EXPECT_EQ(read_file(path).value(), "one two");
  EXPECT_EQ(AtomicFile::create(folder.path() / "no/x").error().code, Code::NotFound);
}

TEST(AtomicFile, NeverTakesThePlaceOfWhatIsNoOrdinaryFile) {
  const auto folder = TemporaryFolder::create("banchu-base").value();
  const auto pipe = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(write_file_atomic(pipe, "x").error().code, Code::InvalidArgument);
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
  EXPECT_EQ(write_file_atomic(folder.path(), "x").error().code, Code::InvalidArgument);
}

TEST(Error, WhatAUserCanBringAboutIsNoBug) {
  for (const auto& [number, code] : {std::pair{EISDIR, Code::InvalidArgument}, std::pair{ELOOP, Code::InvalidArgument},
                                     std::pair{ENAMETOOLONG, Code::InvalidArgument}, std::pair{EFBIG, Code::NoSpace},
                                     std::pair{ENOSPC, Code::NoSpace}, std::pair{EIO, Code::Internal}}) {
    errno = number;
    EXPECT_EQ(error_from_errno("cannot write", "x").code, code) << number;
  }
}

}  // namespace
}  // namespace banchu
