// What tests of the bag share: a bag in a temporary folder, child processes, and a picture of every byte on disk.
#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>

#include "bag/bag.h"
#include "base/digest.h"
#include "base/file.h"

namespace banchu::test {

namespace fs = std::filesystem;

// A child process that runs `body` and ends with its answer, without running any destructor of ours. It dies with the
// test, so that a test that crashes leaves nobody behind who holds its output open.
class Child {
 public:
  explicit Child(const std::function<int()>& body) : pid_(::fork()) {
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::_exit(body());
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ > 0) kill();
  }
  pid_t pid() const { return pid_; }
  // The exit status, or -1 for a child that ended otherwise.
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  void kill() {
    ::kill(pid_, SIGKILL);
    wait();
  }

 private:
  pid_t pid_;
};

// A pipe on which one process waits for another.
class Signal {
 public:
  Signal() { static_cast<void>(::pipe(ends_) == 0); }
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  ~Signal() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  void raise() { static_cast<void>(::write(ends_[1], "x", 1) == 1); }
  bool wait() {
    char byte = 0;
    return ::read(ends_[0], &byte, 1) == 1;
  }

 private:
  int ends_[2] = {-1, -1};
};

// Name and SHA-256 of everything below `folder`. Read by a child: closing banchu.db here would drop SQLite's locks.
inline std::string picture_of(const fs::path& folder) {
  const fs::path out = fs::temp_directory_path() / ("banchu-picture-" + random_id());
  Child child([&] {
    std::map<std::string, std::string> files;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
      files[entry.path().string()] = entry.is_regular_file() ? sha256_file(entry.path()).value() : "folder";
    }
    std::ofstream file(out);
    for (const auto& [name, digest] : files) file << name << ' ' << digest << '\n';
    file.close();
    return 0;
  });
  child.wait();
  std::string picture = read_file(out).value();
  fs::remove(out);
  return picture;
}

// A temporary folder with a bag's place in it.
class BagPlace {
 public:
  explicit BagPlace(std::string name = "workspace")
      : folder_(TemporaryFolder::create("banchu-bag-test").value()), name_(std::move(name)) {}
  fs::path path() const { return folder_.path() / name_; }
  fs::path outside() const { return folder_.path(); }
  std::unique_ptr<Bag> create() const { return Bag::create(path()).value(); }
  std::unique_ptr<Bag> open() const { return Bag::open(path(), Bag::Access::read_write).value(); }
  std::unique_ptr<Bag> read() const { return Bag::open(path(), Bag::Access::read_only).value(); }

 private:
  TemporaryFolder folder_;
  std::string name_;
};

inline std::int64_t count(Database& database, const std::string& sql) {
  Statement query = database.prepare(sql).value();
  return query.step().value() ? query.integer(0) : 0;
}

inline void write(const fs::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

inline void flip_byte(const fs::path& path, std::streamoff at) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekg(at);
  const char flipped = static_cast<char>(file.get() ^ 0x20);
  file.seekp(at);
  file.put(flipped);
}

}  // namespace banchu::test
