#include "model/model_source.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/file.h"
#include "model/remote_file.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
constexpr const char* kHub = "https://hub.example";

TEST(ModelSourceName, AHubsNameIsAnAddress) {
  const auto source = read_model_source("hf:ann/small-GGUF/small.Q4_K_M.gguf", "", kHub);
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_TRUE(source->is_hub);
  EXPECT_EQ(source->parts[0].from, "https://hub.example:443/ann/small-GGUF/resolve/main/small.Q4_K_M.gguf");
  EXPECT_EQ(source->parts[0].name, "small.Q4_K_M.gguf");
  EXPECT_EQ(read_model_source("hf:ann/small@v2/sub/s.gguf", "", kHub)->parts[0].known_as,
            "https://hub.example/ann/small/resolve/v2/sub/s.gguf");
}

TEST(ModelSourceName, WhatNamesNoFileIsRefused) {
  for (const char* text : {"hf:",
                           "hf:ann",
                           "hf:ann/repo",
                           "hf:ann/repo/",
                           "hf:/repo/x.gguf",
                           "hf:ann//x.gguf",
                           "hf:ann/repo/../../x.gguf",
                           "hf:ann/repo/x.bin",
                           "hf:ann/@v/x.gguf",
                           "https://a.org/",
                           "https://a.org/x.bin",
                           "https://a.org/.gguf",
                           "https://a.org/%2E%2E%2Fx.gguf",
                           "https://a.org/a%00b.gguf",
                           "ftp://a.org/x.gguf",
                           "ollama:",
                           "ollama:../x",
                           "ollama:a/b/c/d",
                           "https://a.org/m-00004-of-00003.gguf",
                           "https://a.org/m-00000-of-00003.gguf"}) {
    const auto source = read_model_source(text, "", kHub);
    ASSERT_FALSE(source) << text;
    EXPECT_EQ(source.error().code, Code::InvalidArgument) << text;
  }
  EXPECT_EQ(read_model_source("https://a.org/x?id=4", "m.gguf", kHub)->parts[0].name, "m.gguf");
  for (const char* as : {"../m.gguf", "m", ".gguf", "a/b.gguf", ".m.gguf"})
    EXPECT_FALSE(read_model_source("https://a.org/x.gguf", as, kHub)) << as;
}

TEST(ModelSourceName, ASplitModelHasAllItsParts) {
  const auto source = read_model_source("https://a.org/d/m-00002-of-00003.gguf?k=1", "", kHub);
  ASSERT_TRUE(source);
  ASSERT_EQ(source->parts.size(), 3u);
  EXPECT_EQ(source->parts[2].from, "https://a.org:443/d/m-00003-of-00003.gguf?k=1");
  EXPECT_EQ(source->parts[2].known_as, "https://a.org/d/m-00003-of-00003.gguf");
  EXPECT_FALSE(read_model_source("https://a.org/m-00002-of-00003.gguf", "n.gguf", kHub));
  EXPECT_EQ(names_of_parts("m-0001-of-00003.gguf").value().size(), 1u);
}

class OllamaStore : public testing::Test {
 protected:
  void SetUp() override {
    write("manifests/registry.ollama.ai/library/tiny/latest", manifest(std::string(64, 'a')));
    write("manifests/registry.ollama.ai/ann/own/v1", manifest(std::string(64, 'b')));
    write("blobs/sha256-" + std::string(64, 'a'), "GGUF");
  }
  static std::string manifest(const std::string& digest) {
    return R"({"schemaVersion":2,"layers":[{"mediaType":"application/vnd.ollama.image.template","digest":"sha256:x"},)"
           R"({"mediaType":"application/vnd.ollama.image.model","digest":"sha256:)" +
           digest + R"(","size":4}]})";
  }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((folder_.path() / name).parent_path());
    std::ofstream(folder_.path() / name) << text;
  }
  TemporaryFolder folder_ = TemporaryFolder::create("banchu-ollama").value();
};

TEST_F(OllamaStore, AManifestLeadsToItsBlob) {
  const auto part = find_in_ollama(folder_.path(), "tiny");
  ASSERT_TRUE(part) << part.error().message;
  EXPECT_EQ(part->digest, std::string(64, 'a'));
  EXPECT_EQ(part->name, "tiny-latest.gguf");
  EXPECT_EQ(fs::path(part->from).filename(), "sha256-" + std::string(64, 'a'));
  EXPECT_TRUE(find_in_ollama(folder_.path(), "library/tiny:latest"));
}

TEST_F(OllamaStore, WhatIsMissingOrDamagedIsSaid) {
  EXPECT_EQ(find_in_ollama(folder_.path(), "other").error().code, Code::NotFound);
  EXPECT_EQ(find_in_ollama(folder_.path(), "ann/own:v1").error().code, Code::NotFound) << "its blob is not there";
  for (const char* text : {"", "[]", "{\"layers\":5}", "{\"layers\":[5,{}]}"}) {
    write("manifests/registry.ollama.ai/library/broken/latest", text);
    EXPECT_FALSE(find_in_ollama(folder_.path(), "broken")) << text;
  }
  write("manifests/registry.ollama.ai/library/evil/latest", manifest("../../../etc/passwd"));
  EXPECT_EQ(find_in_ollama(folder_.path(), "evil").error().code, Code::Corruption);
}

TEST(ContentRangeOfAnAnswer, IsReadOrNot) {
  const auto range = parse_content_range("bytes 0-7/4096");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->total, 4096u);
  for (const char* text : {"", "bytes */4096", "bytes 0-7/*", "bytes 8-7/4096", "bytes 0-4096/4096", "0-7/4096",
                           "bytes 0-7/4096x", "bytes 0-7/99999999999999999999999", "bytes -1-7/9"}) {
    EXPECT_FALSE(parse_content_range(text)) << text;
  }
}

}  // namespace
}  // namespace banchu
