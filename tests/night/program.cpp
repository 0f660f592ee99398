#include "tests/night/program.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "base/check.h"
#include "base/clock.h"

extern char** environ;

namespace banchu::testing {

Json Ran::json() const {
  auto parsed = parse_json(out, "the program's answer");
  return parsed ? *parsed : Json(nullptr);
}

Running::Running(const std::vector<std::string>& arguments) {
  std::array<int, 2> ends{};
  BANCHU_CHECK(::pipe2(ends.data(), O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  std::vector<std::string> words = {BANCHU_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  BANCHU_CHECK(::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  out_ = ends[0];
}

Running::~Running() {
  if (pid_ > 0) kill_now();
  if (out_ >= 0) ::close(out_);
}

// The pipe closes when the program ends, so waiting for its end is waiting for end of file.
std::optional<Ran> Running::wait_for(int milliseconds) {
  const double deadline = steady_seconds() + milliseconds / 1000.0;
  std::array<char, 4096> buffer{};
  for (;;) {
    const int left = static_cast<int>((deadline - steady_seconds()) * 1000);
    pollfd watched{out_, POLLIN, 0};
    if (::poll(&watched, 1, milliseconds < 0 ? -1 : std::max(0, left)) <= 0) return std::nullopt;
    const ssize_t count = ::read(out_, buffer.data(), buffer.size());
    if (count <= 0) return collect();
    text_.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

Ran Running::wait() { return *wait_for(-1); }

void Running::kill_now() {
  ::kill(pid_, SIGKILL);
  collect();
}

Ran Running::collect() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), text_};
}

Ran run_program(const std::vector<std::string>& arguments) { return Running(arguments).wait(); }

}  // namespace banchu::testing
