// The adapter's file: the same content is the same bytes, and what is not an adapter is refused.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/train/workshop.h"
#include "train/adapter.h"

namespace banchu::test {
namespace {

Adapter small_adapter() {
  Adapter adapter{"llama", 8.0f, {}};
  adapter.tensors.push_back({"blk.1.ffn_up.weight", 3, 2, 1, {1, 2, 3}, {0.5f, -0.5f}});
  adapter.tensors.push_back({"blk.0.attn_q.weight", 2, 2, 2, {1, 2, 3, 4}, {5, 6, 7, 8}});
  return adapter;
}

struct AdapterFile : testing::Test {
  TemporaryFolder folder = TemporaryFolder::create("banchu-adapter").value();
  std::filesystem::path path = folder.path() / "a.gguf";
};

TEST_F(AdapterFile, WhatIsWrittenIsRead) {
  ASSERT_TRUE(write_adapter(small_adapter(), path));
  const Adapter read = read_adapter(path).value();
  EXPECT_EQ("llama", read.architecture);
  EXPECT_EQ(8.0f, read.alpha);
  ASSERT_EQ(2U, read.tensors.size());
  EXPECT_EQ("blk.0.attn_q.weight", read.tensors[0].base);
  EXPECT_EQ("blk.1.ffn_up.weight", read.tensors[1].base);
  EXPECT_EQ(3U, read.tensors[1].in);
  EXPECT_EQ(2U, read.tensors[1].out);
  EXPECT_EQ(1U, read.tensors[1].rank);
  EXPECT_EQ((std::vector<float>{1, 2, 3}), read.tensors[1].a);
  EXPECT_EQ((std::vector<float>{5, 6, 7, 8}), read.tensors[0].b);
}

TEST_F(AdapterFile, TheOrderOfTheTensorsDoesNotChangeTheBytes) {
  Adapter adapter = small_adapter();
  ASSERT_TRUE(write_adapter(adapter, path));
  const std::string bytes = read_file(path).value();
  std::swap(adapter.tensors[0], adapter.tensors[1]);
  ASSERT_TRUE(write_adapter(adapter, path));
  EXPECT_EQ(bytes, read_file(path).value());
}

TEST_F(AdapterFile, AMissingFileIsNotFound) { EXPECT_EQ(Code::NotFound, read_adapter(path).error().code); }

TEST_F(AdapterFile, EveryTruncationIsAnError) {
  ASSERT_TRUE(write_adapter(small_adapter(), path));
  const std::string bytes = read_file(path).value();
  // The last 20 bytes are padding behind the last tensor.
  for (std::size_t size = 0; size + 32 < bytes.size(); size += 7) {
    ASSERT_TRUE(write_file_atomic(path, bytes.substr(0, size)));
    ASSERT_FALSE(read_adapter(path)) << size;
  }
}

TEST_F(AdapterFile, AModelIsNotAnAdapter) {
  write_tiny_model(make_tiny_llama(1), path);
  EXPECT_EQ(Code::Unsupported, read_adapter(path).error().code);
}

TEST_F(AdapterFile, NotANumberInsideIsRefused) {
  Adapter adapter = small_adapter();
  adapter.tensors[0].b[1] = std::nanf("");
  ASSERT_TRUE(write_adapter(adapter, path));
  EXPECT_EQ(Code::Unsupported, read_adapter(path).error().code);
}

TEST_F(AdapterFile, HalvesThatDoNotFitAreCorruption) {
  Adapter adapter = small_adapter();
  ASSERT_TRUE(write_adapter(adapter, path));
  std::string bytes = read_file(path).value();
  // The rank inside lora_b's shape: 2 becomes 1, so that the halves disagree.
  const std::string name = "blk.0.attn_q.weight.lora_b";
  bytes[bytes.find(name) + name.size() + 4] = 1;
  ASSERT_TRUE(write_file_atomic(path, bytes));
  EXPECT_EQ(Code::Corruption, read_adapter(path).error().code);
}

}  // namespace
}  // namespace banchu::test
