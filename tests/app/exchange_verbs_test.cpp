// import and export as a shell sees them: adapters come in asleep, go out, and merge.
#include <gtest/gtest.h>

#include <sstream>

#include "base/rng.h"
#include "model/gguf_file.h"
#include "tests/app/shell.h"
#include "train/adapter.h"

namespace banchu {
namespace {

using test::Ran;
using test::tiny_model;
using test::World;

std::string fixture(const std::string& name) { return std::string(BANCHU_SOURCE_DIR) + "/tests/fixtures/" + name; }

// An adapter for the tiny model on one matrix.
std::string adapter_file(const World& world, const std::string& name, std::uint32_t rank, std::uint64_t seed) {
  Rng rng(seed);
  AdapterTensor tensor{"blk.1.attn_q.weight", 128, 128, rank, {}, {}};
  for (std::uint32_t i = 0; i < 128 * rank; ++i) {
    tensor.a.push_back(static_cast<float>(0.1 * rng.normal()));
    tensor.b.push_back(static_cast<float>(0.1 * rng.normal()));
  }
  const auto path = world.folder() / name;
  EXPECT_TRUE(write_adapter({"llama", static_cast<float>(2 * rank), {tensor}}, path));
  return path.string();
}

TEST(ImportVerb, AnAdapterBecomesASelfThatSleepsUntilItIsWoken) {
  World world;
  world.make_bag();
  const std::string file = adapter_file(world, "a.gguf", 4, 1);
  const Json before = world.run({"--json", "self", "show"}).json();
  const Ran ran = world.run({"--json", "import", file, "--scale", "0.5"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const Json one = ran.json()["imported"][0];
  EXPECT_EQ(one["awake"], false);
  EXPECT_EQ(one["scale"], 0.5);
  EXPECT_EQ(one["parent"], before["id"]);
  EXPECT_EQ(world.run({"--json", "self", "show"}).json()["id"], before["id"]) << "nobody was woken";
  ASSERT_EQ(world.run({"self", "wake", one["self"]}).exit_code, 0);
  EXPECT_EQ(world.run({"--json", "self", "show"}).json()["adapters"][0]["digest"], one["adapter"]);
  EXPECT_EQ(world.run({"chat", "--once", "hello"}).exit_code, 0);
  EXPECT_EQ(world.run({"bag", "verify", "--full"}).exit_code, 0);
  ASSERT_EQ(world.run({"self", "rollback"}).exit_code, 0);
  EXPECT_EQ(world.run({"--json", "self", "show"}).json()["id"], before["id"]);
}

TEST(BagInit, WhoWasAwakeIsAwakeAgainWhereOnlyBagJsonWasLost) {
  World world;
  world.make_bag();
  const Ran ran = world.run({"--json", "import", adapter_file(world, "a.gguf", 4, 1)});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const std::string grown = ran.json()["imported"][0]["self"];
  ASSERT_EQ(world.run({"self", "wake", grown}).exit_code, 0);
  ASSERT_TRUE(std::filesystem::remove(world.bag() / "bag.json"));
  const Ran again = world.run({"--json", "--model", tiny_model(), "bag", "init"});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(again.json()["self"], grown);
  EXPECT_EQ(world.run({"--json", "self", "show"}).json()["id"], grown);
}

TEST(DamagedAdapter, IsNeverServed) {
  World world;
  world.make_bag();
  const Ran ran = world.run({"--json", "import", adapter_file(world, "a.gguf", 4, 1)});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  ASSERT_EQ(world.run({"self", "wake", ran.json()["imported"][0]["self"]}).exit_code, 0);
  ASSERT_EQ(world.run({"chat", "--once", "hello"}).exit_code, 0);
  const auto file =
      world.bag() / "memory_core/adapters" / (ran.json()["imported"][0]["adapter"].get<std::string>() + ".gguf");
  std::string bytes = read_file(file).value();
  bytes[bytes.size() - 40] = static_cast<char>(bytes[bytes.size() - 40] ^ 1);  // one weight, a little
  ASSERT_TRUE(write_file_atomic(file, bytes));
  for (const char* mode : {"grow", "sandbox"}) {
    const Ran said = world.run({"--json", "chat", "--once", "hello", "--mode", mode});
    EXPECT_EQ(said.exit_code, 8) << said.out;
    EXPECT_NE(said.json()["error"]["hint"].get<std::string>().find("rollback"), std::string::npos) << said.out;
  }
  EXPECT_EQ(world.run({"export", "adapter", "--to", (world.folder() / "out.gguf").string()}).exit_code, 8);
  ASSERT_TRUE(std::filesystem::remove(file));
  EXPECT_EQ(world.run({"chat", "--once", "hello"}).exit_code, 8);
  ASSERT_EQ(world.run({"self", "rollback"}).exit_code, 0);
  EXPECT_EQ(world.run({"chat", "--once", "hello"}).exit_code, 0);
}

TEST(ImportVerb, AStrangersAdapterLeavesTheBagAsItWas) {
  World world;
  world.make_bag();
  const auto selves = [&] { return world.run({"--json", "self", "list"}).json()["selves"].size(); };
  const std::string good = adapter_file(world, "a.gguf", 4, 1);
  const Ran ran = world.run({"--json", "import", good, fixture("exchange/plain")});
  EXPECT_EQ(ran.exit_code, 2) << ran.out;
  EXPECT_NE(ran.json()["error"]["message"].get<std::string>().find("does not fit the base"), std::string::npos);
  EXPECT_EQ(selves(), 1U) << "the good one beside it was not kept either";
  EXPECT_EQ(world.run({"import", tiny_model()}).exit_code, 9) << "a model is no adapter";
  EXPECT_EQ(world.run({"import", world.write("x.txt", "hello")}).exit_code, 9);
  EXPECT_EQ(world.run({"import", "/no/such/file"}).exit_code, 3);
  EXPECT_EQ(selves(), 1U);
}

TEST(ExportVerb, WhatCameInGoesOutAsPeftAndComesInAgainAsTheSameSelf) {
  World world;
  world.make_bag();
  const Json in = world.run({"--json", "import", adapter_file(world, "a.gguf", 4, 1)}).json()["imported"][0];
  const std::string folder = (world.folder() / "peft").string();
  const Ran out = world.run({"--json", "export", "adapter", "--self", in["self"], "--to", folder});
  ASSERT_EQ(out.exit_code, 0) << out.err;
  EXPECT_EQ(out.json()["format"], "peft");
  EXPECT_EQ(out.json()["rank"], 4);
  EXPECT_EQ(world.run({"--json", "import", folder}).json()["imported"][0]["self"], in["self"]);
  EXPECT_EQ(world.run({"export", "adapter", "--self", in["self"], "--to", folder}).exit_code, 4) << "it is there";
  EXPECT_EQ(world.run({"export", "adapter", "--self", in["self"], "--to", folder, "--force"}).exit_code, 0);
  EXPECT_EQ(world.run({"export", "adapter", "--to", folder + "2"}).exit_code, 5) << "who is awake has none";
}

TEST(ExportVerb, SeveralAdaptersAreAddedUpAndCompressedWithoutABag) {
  World world;
  const std::string a = adapter_file(world, "a.gguf", 4, 1), b = adapter_file(world, "b.gguf", 4, 2);
  const std::string to = (world.folder() / "sum.gguf").string();
  const Ran ran = world.run({"--json", "--model", tiny_model(), "export", "adapter", "--from", a, "--from", b + "=0.5",
                             "--to", to, "--rank", "6"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const Json answer = ran.json();
  EXPECT_EQ(answer["rank"], 6);
  EXPECT_EQ(answer["adapters"][1]["weight"], 0.5);
  EXPECT_GT(answer["relative_error"].get<double>(), 0.0);
  EXPECT_LT(answer["relative_error"].get<double>(), 0.5);
  EXPECT_TRUE(read_adapter(to));
  EXPECT_EQ(world.run({"--model", tiny_model(), "export", "adapter", "--from", a + "=x", "--to", to + "2"}).exit_code,
            2);
}

TEST(ExportVerb, AMergedModelTalksWithoutBanchusAdapters) {
  World world;
  world.make_bag();
  const Json in = world.run({"--json", "import", adapter_file(world, "a.gguf", 4, 1)}).json()["imported"][0];
  for (const char* format : {"f16", "Q8_0"}) {
    const std::string to = (world.folder() / (std::string(format) + ".gguf")).string();
    const Ran ran = world.run({"--json", "export", "merged", "--self", in["self"], "--to", to, "--format", format});
    ASSERT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_EQ(ran.json()["changed"], 1);
    EXPECT_EQ(ran.json()["bytes"], std::filesystem::file_size(to));
    World other;
    EXPECT_EQ(other.run({"--model", to, "chat", "--mode", "sandbox", "--once", "hello"}).exit_code, 0);
  }
  EXPECT_EQ(world.run({"export", "merged", "--to", "/tmp/x.gguf", "--format", "q99"}).exit_code, 2);
}

TEST(ExportVerb, TheRowsOfANightGoOutWithATargetWhereALabelIs) {
  World world;
  world.make_bag();
  const std::string to = (world.folder() / "night.jsonl").string();
  EXPECT_EQ(world.run({"export", "lessons", "--to", to}).exit_code, 3) << "nothing was chewed over yet";
  ASSERT_EQ(world.run({"journal", "add", fixture("tiny/good-day.jsonl")}).exit_code, 0);
  ASSERT_EQ(world.run({"ruminate", "--recipe", fixture("tiny/night.yaml")}).exit_code, 0);
  const Ran ran = world.run({"--json", "export", "lessons", "--to", to});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  std::istringstream lines(read_file(to).value());
  std::size_t rows = 0;
  for (std::string line; std::getline(lines, line); ++rows) {
    const Json row = parse_json(line, "a row").value();
    const std::vector<int> tokens = row["input_ids"], labels = row["labels"];
    ASSERT_EQ(tokens.size(), labels.size());
    std::size_t targets = 0;
    for (std::size_t t = 0; t < tokens.size(); ++t) {
      if (labels[t] == -100) continue;
      ++targets;
      EXPECT_EQ(labels[t], tokens[t]);
    }
    EXPECT_GT(targets, 0U);
    EXPECT_EQ(labels[0], -100) << "the first token follows nothing";
    if (row.contains("teacher_ids")) {
      EXPECT_EQ(row["teacher_ids"].size(), targets);
    }
  }
  EXPECT_EQ(rows, ran.json()["rows"].get<std::size_t>());
  EXPECT_GT(rows, 0U);
  EXPECT_EQ(world.run({"export", "lessons", "--to", to}).exit_code, 4) << "it is there";
}

}  // namespace
}  // namespace banchu
