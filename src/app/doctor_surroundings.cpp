// The part of doctor.h that looks around the program. Nothing is sent anywhere: whether there is a way out is read from
// what the kernel lists.
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>

#include "app/doctor.h"
#include "app/models.h"
#include "app/open.h"
#include "arc/plot_png.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
constexpr int kPagePort = 11500;  // of `banchu serve`
constexpr int kPortsTried = 100;
constexpr unsigned long kLongSpin = 20000;  // docs/decisions/waiting.md

bool is_port_free(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return true;
  const int yes = 1;  // a port that was just given back is free
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool is_free = ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return is_free;
}

int free_port_beside(int port) {
  if (is_port_free(port)) return 0;
  for (int other = port + 1; other <= port + kPortsTried; ++other) {
    if (is_port_free(other)) return other;
  }
  return port + 1;
}

bool has_line_with(const char* file, const std::string& word, std::size_t place) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string at;
    for (std::size_t i = 0; i <= place; ++i) words >> at;
    if (words && at == word) return true;
  }
  return false;
}

// A default route, over IPv4 or IPv6 (but not the loopback's own).
bool has_default_route() {
  if (has_line_with("/proc/net/route", "00000000", 1)) return true;
  std::ifstream lines("/proc/net/ipv6_route");
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(std::string(32, '0') + " 00") && !line.ends_with(" lo")) return true;
  }
  return false;
}

bool has_certificates() {
  const char* own = std::getenv("SSL_CERT_FILE");
  std::error_code failure;
  return fs::exists(own != nullptr ? own : "/etc/ssl/certs/ca-certificates.crt", failure);
}

// Installed, but its bundle has gone: then the package need not be fetched again.
bool can_write_certificates() {
  std::error_code failure;
  return fs::exists("/usr/sbin/update-ca-certificates", failure);
}

// The folder itself, or the nearest one above it that is there.
bool can_write_into(fs::path folder) {
  std::error_code failure;
  folder = fs::absolute(folder, failure);
  while (!fs::exists(folder, failure) && folder.has_relative_path()) folder = folder.parent_path();
  return fs::is_directory(folder, failure) && ::access(folder.c_str(), W_OK | X_OK) == 0;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Who may come in through `banchu serve`: the file that packaging/serve-workspace keeps beside the bag.
std::optional<unsigned> mode_of_keys(const AppContext& context) {
  std::error_code failure;
  const fs::path keys = fs::absolute(bag_folder(context), failure).lexically_normal().parent_path() / "banchu-keys";
  struct stat status {};
  if (::stat(keys.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return status.st_mode;
}

}  // namespace

DoctorFinding judge_keys(const AppContext& context, unsigned mode) {
  if ((mode & (S_IRWXG | S_IRWXO)) == 0) {
    return {"keys", Health::good, context.said("keys: only this user can see them"), "", ""};
  }
  const bool is_open = (mode & (S_IWGRP | S_IWOTH)) != 0;
  return {"keys.open",
          is_open ? Health::wrong : Health::note,
          context.said("keys: other users of this machine can see or change them"),
          context.said("whoever writes a key of his own into the file may come in through banchu serve"),
          "",
          fmt::format("chmod 600 \"$(dirname {})\"/banchu-keys", bag_word(context))};
}

DoctorFinding judge_port(const AppContext& context, int port, int free_port) {
  if (free_port == 0) return {"port", Health::good, context.said("port {}: free for the page", port), "", ""};
  return {"port.taken",
          Health::note,
          context.said("port {}: another program listens there", port),
          context.said("the page of banchu serve could not open there"),
          context.said("end that program, or take a free port"),
          own_command(context, fmt::format("serve --port {}", free_port))};
}

DoctorFinding judge_network(const AppContext& context, bool has_route, bool has_names, bool has_roots) {
  const std::string why = context.said("only fetching models and packages needs it; talking and nights do not");
  if (!has_route) {
    return {"network.none",
            Health::note,
            context.said("network: there is no way out of this machine"),
            why,
            context.said("connect it, or bring the model file on a disk"),
            own_command(context, "model add FILE")};
  }
  if (!has_names) {
    return {"network.names",
            Health::note,
            context.said("network: no name server is set"),
            why,
            context.said("write down the ADDRESS of one"),
            "echo nameserver ADDRESS | " + as_root("tee -a /etc/resolv.conf")};
  }
  if (!has_roots) {
    return {"network.certificates",
            Health::note,
            context.said("network: no certificates, so no server can be trusted"),
            why,
            "",
            as_root(can_write_certificates() ? "update-ca-certificates" : "apt-get install ca-certificates")};
  }
  return {"network", Health::good, context.said("network: there is a way out"), "", ""};
}

DoctorFinding judge_fonts(const AppContext& context, bool has_hangul) {
  if (has_hangul) return {"fonts", Health::good, context.said("fonts: Korean can be drawn"), "", ""};
  return {"fonts.hangul",
          Health::note,
          context.said("fonts: none of them has Hangul"),
          context.said("Korean would be missing from PNG pictures; SVG is fine"),
          "",
          as_root("apt-get install fonts-nanum")};
}

DoctorFinding judge_home(const AppContext& context, bool can_write) {
  if (can_write) return {"home", Health::good, context.said("home folder: models can be kept there"), "", ""};
  return {"home.unwritable",
          Health::note,
          context.said("home folder: this user may not write into it"),
          context.said("no model can be fetched, and no trouble be remembered"),
          context.said("name a folder of your OWN"),
          "export BANCHU_HOME=OWN"};
}

DoctorFinding judge_waiting(const AppContext& context, const std::string& policy, const std::string& spin_count) {
  const bool spins = std::strtoul(spin_count.c_str(), nullptr, 10) > kLongSpin || spin_count.starts_with("inf");
  if (policy != "active" && policy != "ACTIVE" && !spins) {
    return {"waiting", Health::good, context.said("threads: they sleep while they wait"), "", ""};
  }
  return {"waiting.active",
          Health::note,
          context.said("threads: they are told to spin while they wait"),
          context.said("beside another program a night then takes many times as long"),
          "",
          "unset OMP_WAIT_POLICY GOMP_SPINCOUNT"};
}

std::vector<DoctorFinding> examine_surroundings(const AppContext& context) {
  std::vector<DoctorFinding> findings = {
      judge_port(context, kPagePort, free_port_beside(kPagePort)),
      judge_network(context, has_default_route(), has_line_with("/etc/resolv.conf", "nameserver", 0),
                    has_certificates()),
      judge_fonts(context, has_hangul_font()), judge_home(context, can_write_into(shared_models_folder())),
      judge_waiting(context, environment("OMP_WAIT_POLICY"), environment("GOMP_SPINCOUNT"))};
  if (const std::optional<unsigned> mode = mode_of_keys(context)) findings.push_back(judge_keys(context, *mode));
  return findings;
}

}  // namespace banchu
