#include "tests/night/days.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace banchu::testing {
namespace {

constexpr const char* kNow = "2026-03-03T03:00:00Z";

TemporaryFolder make_folder() {
  auto folder = TemporaryFolder::create("banchu-night");
  BANCHU_CHECK(folder.has_value());
  return std::move(*folder);
}

}  // namespace

std::filesystem::path tiny_file(const std::string& name) {
  return std::filesystem::path(BANCHU_SOURCE_DIR) / "tests/fixtures/tiny" / name;
}

std::filesystem::path sample_file(const std::string& name) {
  return std::filesystem::path(BANCHU_SOURCE_DIR) / "samples" / name;
}

std::filesystem::path default_model() {
  const char* const home = std::getenv("BANCHU_HOME");
  const char* const data = std::getenv("XDG_DATA_HOME");
  const char* const user = std::getenv("HOME");
  std::filesystem::path folder;
  if (home != nullptr)
    folder = home;
  else if (data != nullptr)
    folder = std::filesystem::path(data) / "banchu";
  else
    folder = std::filesystem::path(user == nullptr ? "" : user) / ".local/share/banchu";
  return folder / "models/SmolLM2-135M-Instruct.Q4_1.gguf";
}

TestBag::TestBag(const std::filesystem::path& model) : folder_(make_folder()), model_(model) {
  EXPECT_EQ(run({"bag", "init"}).exit_code, 0);
}

std::vector<std::string> TestBag::command(std::vector<std::string> arguments) const {
  arguments.insert(arguments.end(), {"--bag", folder(), "--model", model_.string(), "--now", kNow, "--quiet"});
  return arguments;
}

Ran TestBag::run(std::vector<std::string> arguments) const { return run_program(command(std::move(arguments))); }

void TestBag::add_day(const std::filesystem::path& day) const {
  EXPECT_EQ(run({"journal", "add", day.string()}).exit_code, 0);
}

std::vector<std::string> tiny_night(int seed) {
  return {"night", "--json", "--recipe", tiny_file("night.yaml").string(), "--seed", std::to_string(seed)};
}

double check_value(const Json& night, const std::string& name_part, const std::string& field) {
  if (!night.is_object() || !night["report"].is_object()) return std::nan("");
  for (const Json& check : night["report"]["checks"]) {
    const bool named = string_at(check, "name").find(name_part) != std::string::npos;
    if (named && check.contains(field) && check[field].is_number()) return check[field].get<double>();
  }
  return std::nan("");
}

}  // namespace banchu::testing
