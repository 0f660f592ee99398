#include <fcntl.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <string>

#include "app/cli.h"

namespace {

// Threads that wait for each other spin for a while before they sleep. The OpenMP runtime's own choice (300,000 rounds)
// is made for a machine of one's own: beside another busy program a night then takes many times as long. With 2,000
// rounds an undisturbed machine is as fast and a shared one stays usable (docs/decisions/waiting.md). The runtime reads
// this when it is loaded, which is before main: so the program starts itself once more. What the user set stays.
void wait_politely(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  std::string self(PATH_MAX, '\0');
  const ssize_t length = ::readlink("/proc/self/exe", self.data(), self.size());
  if (length <= 0 || ::setenv("GOMP_SPINCOUNT", "2000", 1) != 0) return;
  self.resize(static_cast<std::size_t>(length));
  ::execv(self.c_str(), argv);  // where it cannot be started again, it goes on as it is
}

// Where a caller has closed stdin, stdout or stderr, the next file that is opened would take its number, and a line
// meant for the terminal would be written into it.
void fill_closed_streams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) == -1) static_cast<void>(::open("/dev/null", O_RDWR));
  }
}

}  // namespace

int main(int argc, char** argv) {
  fill_closed_streams();
  wait_politely(argv);
  return banchu::run_command_line(argc, argv);
}
