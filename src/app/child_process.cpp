#include "app/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

extern char** environ;

namespace banchu {
namespace {

// A pipe end that closes itself.
class End {
 public:
  End() = default;
  ~End() {
    if (fd_ >= 0) ::close(fd_);
  }
  End(const End&) = delete;
  End& operator=(const End&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  void set(int fd) { fd_ = fd; }

 private:
  int fd_ = -1;
};

Status make_pipe(End& read, End& write) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return error_from_errno("cannot make", "a pipe");
  read.set(ends[0]);
  write.set(ends[1]);
  return {};
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

// 0, or the errno of what failed.
int spawn(std::vector<std::string>& words, std::vector<std::string>& environment, int out, int err, pid_t* pid) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  const int failure = ::posix_spawn(pid, words.front().c_str(), &files, &attributes, pointers(words).data(),
                                    pointers(environment).data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  return failure;
}

}  // namespace

Result<Child> start_child(std::vector<std::string> words, const std::vector<std::string>& more_environment) {
  End out_read, out_write, err_read, err_write;
  BANCHU_TRY_STATUS(make_pipe(out_read, out_write));
  BANCHU_TRY_STATUS(make_pipe(err_read, err_write));
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  environment.insert(environment.end(), more_environment.begin(), more_environment.end());
  pid_t pid = -1;
  const int failure = spawn(words, environment, out_write.get(), err_write.get(), &pid);
  if (failure == 0) return Child{pid, out_read.release(), err_read.release()};
  return make_error(Code::FailedPrecondition,
                    fmt::format("{} cannot be started: {}", words.front(), std::generic_category().message(failure)));
}

}  // namespace banchu
