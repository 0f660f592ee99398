// What is installed around the program: completions, manual page, units, image. Each is judged by the tool that will
// read it; where that is not installed, the test says so and skips.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <regex>
#include <sstream>

#include "tests/app/shell.h"

namespace banchu {
namespace {

using test::World;

const std::string kPackaging = std::string(BANCHU_SOURCE_DIR) + "/packaging/";

// A shell's exit code, and what it said to both streams.
struct Told {
  int exit_code = -1;
  std::string text;
};
Told shell(const World& world, const std::string& command) {
  const std::string out = (world.folder() / "told").string();
  const int status = std::system(("( " + command + " ) >'" + out + "' 2>&1").c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(out).value_or("")};
}
bool has(const World& world, const std::string& program) {
  return shell(world, "command -v " + program).exit_code == 0;
}

TEST(Packaging, CompletionsAreReadByTheirShells) {
  const World world;
  for (const std::string name : {"bash", "zsh", "fish"}) {
    const auto script = world.write("completion." + name, world.run({"completion", name}).out);
    if (!has(world, name)) continue;  // Debian has bash always
    const Told read = shell(world, name + " -n '" + script.string() + "'");
    EXPECT_EQ(read.exit_code, 0) << name << read.text;
  }
  const std::string ask = "COMP_WORDS=(banchu self ''); COMP_CWORD=2; _banchu; echo ${COMPREPLY[*]}";
  const auto both = world.write("ask.sh", ". '" + (world.folder() / "completion.bash").string() + "'\n" + ask + "\n");
  const Told offered = shell(world, "bash '" + both.string() + "'");
  EXPECT_NE(offered.text.find("rollback"), std::string::npos) << offered.text;
}

TEST(Packaging, TheManualPageIsReadWithoutAWarning) {
  const World world;
  if (!has(world, "man")) GTEST_SKIP() << "man is not installed";
  const auto page = world.write("banchu.1", world.run({"man"}).out);
  const Told read =
      shell(world, "LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -l '" + page.string() + "' 2>&1 >/dev/null");
  EXPECT_EQ(read.exit_code, 0) << read.text;
  EXPECT_EQ(read.text, "");
}

TEST(Packaging, ScriptsAreReadByTheirShells) {
  const World world;
  for (const char* script : {"install", "serve-workspace"}) {
    EXPECT_EQ(shell(world, "sh -n '" + kPackaging + script + "'").exit_code, 0) << script;
  }
  EXPECT_EQ(shell(world, "bash -n '" + kPackaging + "rented-gpu/start'").exit_code, 0);
  const Told where = shell(world, "BANCHU_VOLUME=/somewhere bash '" + kPackaging + "rented-gpu/start' --where");
  EXPECT_NE(where.text.find("bag /somewhere/bag"), std::string::npos) << where.text;
  EXPECT_EQ(shell(world, "BANCHU_VOLUME=/nowhere/at/all bash '" + kPackaging + "rented-gpu/start'").exit_code, 5);
}

// Installs into a prefix of its own; answers it.
std::string install(const World& world) {
  const std::string prefix = (world.folder() / "local").string();
  const Told installed = shell(world, "BANCHU_PROGRAM='" + std::string(BANCHU_PROGRAM) + "' HOME=/nowhere '" +
                                          kPackaging + "install' '" + prefix + "'");
  EXPECT_EQ(installed.exit_code, 0) << installed.text;
  return prefix;
}

TEST(Packaging, InstallsAProgramThatStartsWithItsPagesAndUnits) {
  const World world;
  const std::string prefix = install(world);
  EXPECT_EQ(shell(world, "'" + prefix + "/bin/banchu' --version").exit_code, 0);
  for (const char* file : {"man/man1/banchu.1", "bash-completion/completions/banchu", "zsh/site-functions/_banchu",
                           "fish/vendor_completions.d/banchu.fish", "systemd/user/banchu-night.timer"}) {
    EXPECT_FALSE(read_file(prefix + "/share/" + file).value_or("").empty()) << file;
  }
  EXPECT_NE(read_file(prefix + "/share/systemd/user/banchu.service").value().find(prefix + "/bin/banchu serve"),
            std::string::npos);
}

TEST(Packaging, UnitsAreReadBySystemd) {
  const World world;
  if (!has(world, "systemd-analyze")) GTEST_SKIP() << "systemd-analyze is not installed";
  const std::string units = install(world) + "/share/systemd/user/";
  const Told read = shell(world, "systemd-analyze verify --man=no '" + units + "banchu.service' '" + units +
                                     "banchu-night.service' '" + units + "banchu-night.timer'");
  EXPECT_EQ(read.exit_code, 0) << read.text;
  EXPECT_EQ(read.text.find(units), std::string::npos) << "it complains of ours: " << read.text;
}

TEST(Packaging, TheImageHoldsEveryLibraryThatTheProgramLinks) {
  const World world;
  if (!has(world, "dpkg-query") || !has(world, "readelf")) GTEST_SKIP() << "no dpkg or no readelf here";
  const std::string image = read_file(kPackaging + "Dockerfile").value();
  const Told needed =
      shell(world, "readelf -d '" + std::string(BANCHU_PROGRAM) + "' | sed -n 's/.*NEEDED.*\\[\\(.*\\)\\]/\\1/p'");
  ASSERT_EQ(needed.exit_code, 0);
  int known = 0;
  std::istringstream names(needed.text);
  for (std::string name; std::getline(names, name);) {
    const Told package = shell(world, "dpkg-query -S '*/" + name + "' | head -n 1 | cut -d: -f1");
    const std::string owner = package.text.substr(0, package.text.find('\n'));
    const bool is_in_every_image = owner.starts_with("libc6") || owner == "libgcc-s1";
    if (owner.empty() || owner.find(' ') != std::string::npos || is_in_every_image) continue;
    ++known;
    EXPECT_TRUE(std::regex_search(
        image, std::regex("[ \\n]" + std::regex_replace(owner, std::regex("[.+]"), "\\$&") + "[ \\n]")))
        << name << " is in " << owner;
  }
  if (known == 0) GTEST_SKIP() << "the program's libraries are no packages here";
}

// The first start in a container: a bag, a key that is shown once, open doors, strangers refused.
TEST(Packaging, AContainersFirstStartMakesABagAndAKey) {
  const World world;
  const std::string home = world.folder().string();
  ASSERT_EQ(shell(world, "mkdir '" + home + "/path' '" + home + "/volume' && ln -s '" + std::string(BANCHU_PROGRAM) +
                             "' '" + home + "/path/banchu' && mkdir -p '" + home + "/shared/models' && ln -s '" +
                             test::tiny_model() + "' '" + home + "/shared/models/SmolLM2-135M-Instruct.Q4_1.gguf'")
                .exit_code,
            0);
  // It ends when its doors have opened.
  const auto first =
      world.write("first.sh", "export HOME='" + home + "' BANCHU_HOME='" + home + "/shared' BANCHU_BAG='" + home +
                                  "/volume/bag' BANCHU_PORT=0 BANCHU_HOST=127.0.0.1\n"
                                  "PATH='" +
                                  home +
                                  "/path':$PATH\n"
                                  "'" +
                                  kPackaging + "serve-workspace' >'" + home +
                                  "/said' 2>&1 &\n"
                                  "pid=$!\n"
                                  "until grep -q 'Ctrl-C ends it' '" +
                                  home +
                                  "/said'; do\n"
                                  "  kill -0 $pid 2>/dev/null || { cat '" +
                                  home +
                                  "/said'; exit 1; }\n"
                                  "  sleep 0.05\n"
                                  "done\n"
                                  "kill -TERM $pid\nwait $pid\n");
  const Told ended = shell(world, "bash '" + first.string() + "'");
  ASSERT_EQ(ended.exit_code, 0) << ended.text;
  EXPECT_TRUE(std::filesystem::exists(home + "/volume/bag/bag.json"));
  const std::string said = read_file(home + "/said").value();
  EXPECT_NE(said.find("the first key"), std::string::npos) << said;
  const std::string keys = read_file(home + "/volume/banchu-keys").value();
  EXPECT_TRUE(keys.find("first manage ") != std::string::npos) << keys;
  ASSERT_EQ(shell(world, "bash '" + first.string() + "'").exit_code, 0);
  EXPECT_EQ(read_file(home + "/said")->find("the first key"), std::string::npos) << "a key is made once";
  EXPECT_EQ(read_file(home + "/volume/banchu-keys").value(), keys);
}

// A clone whose set-up is played by a script that only says that it ran, for the real one installs packages; the
// program, its libraries and the volume are real.
TEST(Packaging, ARentedMachineStartsFromAWarmVolumeWithoutAnySetUp) {
  const World world;
  if (has(world, "nvcc")) GTEST_SKIP() << "with a card's toolkit the set-up builds for the card";
  const std::string home = world.folder().string();
  std::filesystem::create_directories(home + "/clone");
  world.write("clone/start", "#!/bin/sh\necho set up >> '" + home + "/setups'\nmkdir -p bin\nln -sf '" +
                                 std::string(BANCHU_PROGRAM) + "' bin/banchu\n");
  const std::string start = "BANCHU_VOLUME='" + home + "/volume' LD_LIBRARY_PATH= '" + home +
                            "/clone/packaging/rented-gpu/start' --json chat --mode sandbox --once hello";
  ASSERT_EQ(shell(world, "cd '" + home +
                             "'; chmod +x clone/start; mkdir -p clone/packaging volume/banchu-home/models; cp -r '" +
                             kPackaging + "rented-gpu' '" + kPackaging + "serve-workspace' clone/packaging/; cp '" +
                             test::tiny_model() + "' volume/banchu-home/models/")
                .exit_code,
            0);
  const Told cold = shell(world, start);
  EXPECT_EQ(cold.exit_code, 0) << cold.text;
  const Told warm = shell(world, start);
  EXPECT_EQ(warm.exit_code, 0) << warm.text;
  EXPECT_NE(warm.text.find("\"reply\""), std::string::npos) << warm.text;
  EXPECT_EQ(read_file(home + "/setups").value_or(""), "set up\n");
  // What the warm one runs with comes from the volume.
  const Told linked = shell(world, "LD_LIBRARY_PATH='" + home + "/volume/banchu-libraries' ldd '" +
                                       std::string(BANCHU_PROGRAM) + "' | grep -c '" + home + "/volume'");
  EXPECT_GT(std::atoi(linked.text.c_str()), 5) << linked.text;
  // Another processor: everything is set up again.
  ASSERT_EQ(shell(world, "echo other > '" + home + "/volume/banchu-libraries/machine'; " + start).exit_code, 0);
  EXPECT_EQ(read_file(home + "/setups").value_or(""), "set up\nset up\n");
}

}  // namespace
}  // namespace banchu
