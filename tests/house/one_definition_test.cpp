// Two classes of one name in one namespace link without a word and then break at run time (the one definition rule).
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

namespace banchu::house {
namespace {

namespace fs = std::filesystem;

// Class names at the left margin, with their named namespace in front; what an anonymous namespace holds is nobody
// else's business. clang-format keeps namespaces unindented, so the left margin is the namespace's own level.
class Definitions {
 public:
  void read(const fs::path& file, const std::string& name) {
    static const std::regex kOpens("^namespace ?([a-z_:]*) \\{$");
    static const std::regex kDefines("^(?:class|struct) (\\w+)(?: final)?(?: :.*)? \\{.*$");
    std::vector<std::string> inside;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
      std::smatch match;
      if (std::regex_match(line, match, kOpens)) {
        inside.push_back(match[1].str().empty() ? "-" : match[1].str());
      } else if (line.starts_with("}  // namespace") && !inside.empty()) {
        inside.pop_back();
      } else if (std::regex_match(line, match, kDefines)) {
        std::string scope;
        for (const std::string& part : inside) scope += part + "::";
        if (scope.find('-') == std::string::npos) note(scope + match[1].str(), name);
      }
    }
  }
  const std::string& complaints() const { return complaints_; }
  std::size_t count() const { return places_.size(); }

 private:
  void note(const std::string& type, const std::string& file) {
    const auto [place, fresh] = places_.try_emplace(type, file);
    if (!fresh) complaints_ += type + " is defined in " + place->second + " and in " + file + "\n";
  }
  std::map<std::string, std::string> places_;
  std::string complaints_;
};

Definitions definitions_below(const fs::path& src) {
  Definitions definitions;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(src)) {
    const fs::path extension = entry.path().extension();
    if (extension == ".h" || extension == ".cpp") {
      definitions.read(entry.path(), fs::relative(entry.path(), src).string());
    }
  }
  return definitions;
}

TEST(OneDefinition, EveryClassNameHasOnePlace) {
  const Definitions definitions = definitions_below(fs::path(BANCHU_SOURCE_DIR) / "src");
  EXPECT_GT(definitions.count(), 100u);
  EXPECT_EQ(definitions.complaints(), "");
}

TEST(OneDefinition, FindsASecondOneAndForgivesAnonymousOnes) {
  const fs::path src = fs::path(testing::TempDir()) / "house_with_two_replies";
  fs::create_directories(src);
  std::ofstream(src / "a.h") << "namespace banchu {\nstruct Reply {\n};\n}  // namespace banchu\n";
  std::ofstream(src / "b.cpp")
      << "namespace banchu {\nnamespace {\nclass Reply {\n};\n}  // namespace\n}  // namespace banchu\n";
  EXPECT_EQ(definitions_below(src).complaints(), "");
  std::ofstream(src / "c.h") << "namespace banchu {\nclass Reply final : public Base {\n};\n}  // namespace banchu\n";
  EXPECT_NE(definitions_below(src).complaints().find("banchu::Reply"), std::string::npos);
  fs::remove_all(src);
}

}  // namespace
}  // namespace banchu::house
