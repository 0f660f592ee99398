#include "tests/app/shell.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>

#include "base/digest.h"

namespace banchu::test {
namespace {

namespace fs = std::filesystem;

std::string quoted(const std::string& word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

TemporaryFolder make_folder() {
  Result<TemporaryFolder> folder = TemporaryFolder::create("banchu-app");
  BANCHU_CHECK(folder.has_value());
  return std::move(*folder);
}

std::string text_of(const fs::path& file) { return read_file(file).value_or(""); }

}  // namespace

Json Ran::json() const {
  const std::size_t line = out.find('\n');
  if (line == std::string::npos || line + 1 != out.size()) return Json();
  return parse_json(out, "the program's answer").value_or(Json());
}

World::World() : folder_(make_folder()) {}

fs::path World::write(const std::string& name, const std::string& text) const {
  const fs::path file = folder() / name;
  EXPECT_TRUE(write_file_atomic(file, text));
  return file;
}

Ran World::run(const std::vector<std::string>& arguments, const std::string& input) const {
  write("stdin", input);
  return run_in_shell("", arguments, "");
}

Ran World::run_in_shell(const std::string& before, const std::vector<std::string>& arguments,
                        const std::string& redirections) const {
  const fs::path in = folder() / "stdin", out = folder() / "stdout", err = folder() / "stderr";
  if (!fs::exists(in)) write("stdin", "");
  const std::string home = folder().string();
  std::string command = before + " env -i PATH=/usr/bin:/bin LANG=C.UTF-8 HOME=" + quoted(home + "/home") +
                        " XDG_CACHE_HOME=" + quoted(home + "/cache") + " BANCHU_HOME=" + quoted(home + "/shared") +
                        " " + quoted(BANCHU_PROGRAM) + " --bag " + quoted(bag().string()) + " --threads 1";
  for (const std::string& argument : arguments) command += " " + quoted(argument);
  command +=
      " <" + quoted(in.string()) + " >" + quoted(out.string()) + " 2>" + quoted(err.string()) + " " + redirections;
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of(out), text_of(err)};
}

void World::make_bag() const {
  const Ran made = run({"--model", tiny_model(), "bag", "init"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
}

std::string tiny_model() { return std::string(BANCHU_SOURCE_DIR) + "/tests/fixtures/tiny/tiny.gguf"; }

std::string default_model() {
  const char* home = std::getenv("BANCHU_HOME");
  const char* user = std::getenv("HOME");
  const fs::path folder =
      home != nullptr ? fs::path(home) : fs::path(user != nullptr ? user : "") / ".local/share/banchu";
  const fs::path file = folder / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf";
  std::error_code failure;
  return fs::exists(file, failure) ? file.string() : "";
}

std::map<std::string, std::string> digests_below(const fs::path& folder) {
  std::map<std::string, std::string> digests;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    std::string what = entry.is_symlink()     ? "link " + fs::read_symlink(entry.path()).string()
                       : entry.is_directory() ? "folder"
                                              : sha256_file(entry.path()).value_or("unreadable");
    if (!entry.is_symlink()) what += " " + std::to_string(entry.last_write_time().time_since_epoch().count());
    digests[entry.path().lexically_relative(folder).string()] = what;
  }
  return digests;
}

}  // namespace banchu::test
