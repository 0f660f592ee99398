#include "arc/compare_texts.h"

#include <gtest/gtest.h>

#include "base/file.h"

namespace banchu {
namespace {

TEST(SourceTexts, AFolderGivesATextAFileAndARowALine) {
  const auto folder = TemporaryFolder::create("texts");
  ASSERT_TRUE(folder);
  ASSERT_TRUE(write_file_atomic(folder->path() / "b.txt", "It rained. She left.\n\nHe came."));
  ASSERT_TRUE(write_file_atomic(folder->path() / "a.jsonl",
                                R"({"text":"One. Two."})"
                                "\n\n"
                                R"({"id":"talk","messages":[{"role":"user","content":"Hi."}]})"
                                "\n"
                                R"({"id":"gold","units":[{"text":"A.","valence":-2},{"text":"B.","valence":1}]})"));
  ASSERT_TRUE(write_file_atomic(folder->path() / "picture.png", "no text"));
  const auto texts = read_texts(folder->path());
  ASSERT_TRUE(texts) << texts.error().message;
  ASSERT_EQ(texts->size(), 4u);
  EXPECT_EQ((*texts)[0].name, "a.jsonl row 1");
  EXPECT_EQ((*texts)[0].units.size(), 2u);
  EXPECT_EQ((*texts)[1].units[0].speaker, "user");
  EXPECT_EQ((*texts)[2].labels, (std::vector<double>{-2, 1}));
  EXPECT_EQ((*texts)[3].units.size(), 3u);
}

TEST(SourceTexts, ABadRowIsNamed) {
  const auto folder = TemporaryFolder::create("texts");
  ASSERT_TRUE(folder);
  ASSERT_TRUE(write_file_atomic(folder->path() / "a.jsonl", "{\"text\":\"One.\"}\n{\"nothing\":1}\n"));
  const auto texts = read_texts(folder->path() / "a.jsonl");
  ASSERT_FALSE(texts);
  EXPECT_NE(texts.error().message.find("a.jsonl row 2"), std::string::npos);
  EXPECT_FALSE(read_texts(folder->path() / "none.txt"));
  const auto empty = TemporaryFolder::create("texts");
  EXPECT_EQ(read_texts(empty->path()).error().code, Code::NotFound);
}

}  // namespace
}  // namespace banchu
