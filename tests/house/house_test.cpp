#include "tests/house/house.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace banchu::house {
namespace {

std::string quoted(std::string_view room, const std::string& path) { return judge_include(room, {path, false}); }
std::string angled(std::string_view room, const std::string& path) { return judge_include(room, {path, true}); }

TEST(House, EverySourceFileKeepsThePlan) {
  std::string all;
  for (const auto& complaint : judge_tree(std::filesystem::path(BANCHU_SOURCE_DIR) / "src")) all += complaint + "\n";
  EXPECT_EQ(all, "");
}

TEST(House, ReadsTheRealTree) {
  const auto header = std::filesystem::path(BANCHU_SOURCE_DIR) / "src/journal/entry.h";
  std::ifstream file(header);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  bool turn = false;
  for (const auto& include : includes_of(text)) turn |= include.path == "chat/turn.h" && !include.angled;
  EXPECT_TRUE(turn);
}

TEST(House, FindsAForbiddenEdgeInATree) {
  const auto src = std::filesystem::path(testing::TempDir()) / "house_with_a_forbidden_edge";
  std::filesystem::create_directories(src / "chat/deep");
  std::ofstream(src / "chat/deep/bad.cpp") << "#include <vector>\n  #  include \"journal/journal.h\"\n";
  const auto complaints = judge_tree(src);
  std::filesystem::remove_all(src);
  ASSERT_EQ(complaints.size(), 1u);
  EXPECT_NE(complaints[0].find("chat/deep/bad.cpp includes journal/journal.h"), std::string::npos);
}

TEST(House, DataFlowsDownAndIncludesPointBackUp) {
  EXPECT_EQ(quoted("train", "ruminate/lesson.h"), "");
  EXPECT_NE(quoted("ruminate", "train/adapter.h"), "");
  EXPECT_NE(quoted("base", "bag/database.h"), "");
  EXPECT_NE(quoted("evaluate", "app/night.h"), "");
  EXPECT_NE(quoted("model", "bag/bag.h"), "");
}

TEST(House, AHandOverHeaderIsAllThatIsHandedOver) {
  EXPECT_EQ(quoted("evaluate", "chat/prompt.h"), "");
  EXPECT_NE(quoted("evaluate", "chat/persona.h"), "");
  EXPECT_EQ(quoted("plan", "model/gguf_file.h"), "");
  EXPECT_NE(quoted("plan", "model/message.h"), "");
  EXPECT_EQ(quoted("exchange", "evaluate/report.h"), "");
}

TEST(House, DoorsAreForServeAndApp) {
  EXPECT_EQ(quoted("serve", "chat/chat.h"), "");
  EXPECT_EQ(quoted("app", "train/train.h"), "");
  EXPECT_NE(quoted("promote", "evaluate/evaluate.h").find("a door"), std::string::npos);
  EXPECT_NE(quoted("serve", "chat/sampler.h"), "");
}

TEST(House, ALibraryHasOneDoorkeeper) {
  EXPECT_EQ(angled("bag", "sqlite3.h"), "");
  EXPECT_NE(angled("journal", "sqlite3.h"), "");
  EXPECT_EQ(quoted("model", "llama.h"), "");
  EXPECT_NE(quoted("train", "llama.h"), "");
  EXPECT_EQ(angled("train", "ggml-backend.h"), "");
  EXPECT_NE(angled("evaluate", "ggml.h"), "");
  EXPECT_NE(angled("train", "yaml-cpp/yaml.h"), "");
  EXPECT_NE(angled("base", "CLI/CLI.hpp"), "");
  EXPECT_NE(angled("model", "oneapi/dnnl/dnnl.hpp"), "");
}

TEST(House, ALibraryWithoutADoorkeeperIsRefused) {
  EXPECT_NE(angled("base", "boost/regex.hpp"), "");
  EXPECT_NE(quoted("chat", "helper.h"), "");
  EXPECT_EQ(angled("chat", "vector"), "");
  EXPECT_EQ(angled("base", "sys/stat.h"), "");
}

TEST(House, ARoomOutsideThePlanIsRefused) { EXPECT_NE(angled("utils", "vector"), ""); }

TEST(House, CommentedIncludesAreNoIncludes) {
  EXPECT_TRUE(includes_of("// #include \"app/app.h\"\n/*\n#include \"app/app.h\"\n*/\n").empty());
}

TEST(House, HeadersOpenWithTheirPurposeAndGuardThemselves) {
  EXPECT_TRUE(judge_file("a.h", "// Purpose.\n#pragma once\n").empty());
  EXPECT_EQ(judge_file("a.h", "int x;\n").size(), 2u);
  EXPECT_TRUE(judge_file("a.cpp", "int x;\n").empty());
}

TEST(House, FilesAreReadInOneSitting) {
  EXPECT_TRUE(judge_file("a.cpp", std::string(399, '\n')).empty());
  EXPECT_EQ(judge_file("a.cpp", std::string(400, '\n')).size(), 1u);
}

}  // namespace
}  // namespace banchu::house
