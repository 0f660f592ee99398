#include "tests/app/ward.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <regex>

namespace banchu::test {
namespace {

namespace fs = std::filesystem;
const std::string kTiny = std::string(BANCHU_SOURCE_DIR) + "/tests/fixtures/tiny/";

// The words before the shell.
std::string way_in(Room room) {
  const std::string user = ::geteuid() == 0 ? "" : "r";
  if (room == Room::mounts) return "unshare -" + user + "m ";
  if (room == Room::alone) return "unshare -" + user + "mn ";
  if (room == Room::nobody && ::geteuid() == 0) return "setpriv --reuid=65534 --regid=65534 --clear-groups ";
  return "";
}

int run(const std::string& command) {
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

std::string why_no_room(Room room) {
  const std::string way = way_in(room);
  if (way.empty() || run(way + "true >/dev/null 2>&1") == 0) return "";
  return "this machine does not let its users do: " + way;
}

std::string Seen::command(const std::string& id) const {
  const auto at = findings.find(id);
  return at == findings.end() ? "" : string_at(at->second, "command");
}

std::string filled(std::string command, const std::map<std::string, std::string>& words) {
  for (const auto& [word, value] : words) {
    const std::string edge = std::isalpha(static_cast<unsigned char>(word[0])) ? "\\b" : "";  // none in Hangul
    command = std::regex_replace(command, std::regex(edge + word + edge), value);
  }
  return command;
}

Ward::Ward() {
  fs::create_directories(folder() / "bin");
  fs::create_directories(folder() / "shared/models");
  fs::create_directories(folder() / "home");
  fs::copy_file(kTiny + "tiny.gguf", folder() / "shared/models/tiny.gguf");
  fs::create_directory_symlink(std::string(BANCHU_SOURCE_DIR) + "/samples", folder() / "samples");
  world_.write("bin/banchu", "#!/bin/sh\nexec '" BANCHU_PROGRAM "' --threads 1 --seed 1 \"$@\"\n");
  fs::permissions(folder() / "bin/banchu", fs::perms::owner_all | fs::perms::group_exec | fs::perms::group_read |
                                               fs::perms::others_exec | fs::perms::others_read);
  const std::string recipe = read_file(kTiny + "night.yaml").value();
  world_.write("night.yaml", std::regex_replace(recipe, std::regex("(suite|everyday): "), "$1: " + kTiny));
  prepare("banchu bag init && cp night.yaml bag/");
}

Ran Ward::shell(const std::string& script, Room room) const {
  const std::string at = folder().string();
  world_.write("ward.sh", "cd '" + at + "' || exit 1\n" + script);
  if (room == Room::nobody && ::geteuid() == 0) run("chmod 755 '" + at + "' && chown -R 65534:65534 '" + at + "'");
  const std::string command = "env -i PATH='" + at + "/bin':/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME='" + at +
                              "/home' XDG_CACHE_HOME='" + at + "/cache' BANCHU_HOME='" + at + "/shared' BANCHU_BAG='" +
                              at + "/bag' TINY='" + kTiny + "' GOMP_SPINCOUNT=2000 " + way_in(room) + "bash '" + at +
                              "/ward.sh' </dev/null >'" + at + "/out' 2>'" + at + "/err'";
  const int exit_code = run(command);
  return {exit_code, read_file(at + "/out").value_or(""), read_file(at + "/err").value_or("")};
}

void Ward::prepare(const std::string& script) const {
  const Ran ran = shell("set -e\n" + script + "\n", Room::plain);
  EXPECT_EQ(ran.exit_code, 0) << script << "\n" << ran.out << ran.err;
}

Seen Ward::visit(const std::string& plant, const std::string& cure, Room room, const std::string& ask) const {
  std::string script = "set -e\n" + plant + "\nset +e\n";
  if (!cure.empty()) script += cure + "\ncase $? in 0|20) ;; *) exit 9 ;; esac\n";
  const Ran ran = shell(script + "echo; echo =====; banchu --json " + ask + "\n", room);
  Seen seen{ran.exit_code, ran.out + ran.err, {}};
  const std::size_t mark = ran.out.find("=====\n");
  if (mark == std::string::npos) return seen;
  const Json answer = parse_json(ran.out.substr(mark + 6), "doctor's answer").value_or(Json::object());
  for (const Json& finding : answer.value("findings", Json::array())) seen.findings[string_at(finding, "id")] = finding;
  return seen;
}

}  // namespace banchu::test
