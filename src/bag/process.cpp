#include "bag/process.h"

#include <fmt/format.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <optional>
#include <sstream>

#include "base/text.h"

namespace banchu {
namespace {

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return trim(line);
}

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::string pid_namespace() {
  std::array<char, 64> link{};
  const ssize_t size = ::readlink("/proc/self/ns/pid", link.data(), link.size() - 1);
  return size > 0 ? std::string(link.data(), static_cast<std::size_t>(size)) : std::string();
}

struct Stat {
  char state = 0;
  std::int64_t started = 0;
};

// /proc/<pid>/stat: the name (field 2) may hold spaces and brackets, so the fields are counted from the last ')'.
std::optional<Stat> read_stat(std::int64_t pid) {
  const std::string line = first_line(fmt::format("/proc/{}/stat", pid).c_str());
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(name_end + 1));
  Stat stat;
  fields >> stat.state;  // field 3
  std::string skipped;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  if (!(fields >> stat.started)) return std::nullopt;
  return stat;
}

}  // namespace

ProcessIdentity this_process() {
  ProcessIdentity me;
  me.host = host_name();
  me.machine = first_line("/etc/machine-id");
  if (me.machine.empty()) me.machine = "host-" + me.host;
  me.boot = first_line("/proc/sys/kernel/random/boot_id");
  if (me.boot.empty()) me.boot = me.machine;  // no /proc: one machine, one boot, as far as we can tell
  me.space = pid_namespace();
  me.pid = ::getpid();
  me.started = read_stat(me.pid).value_or(Stat{}).started;
  return me;
}

bool is_alive(std::int64_t pid, std::int64_t started) {
  if (pid <= 0 || pid > INT_MAX) return false;
  const std::optional<Stat> stat = read_stat(pid);
  if (stat) return stat->state != 'Z' && stat->state != 'X' && stat->started == started;
  // Hidden or absent /proc: the signal test knows at least whether the number is in use.
  return started == 0 && (::kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM);
}

}  // namespace banchu
