// Nights as jobs of a server: a child process of this very program runs `night`, and is listened to. Whatever befalls
// the child (the memory's end, an abort in the engine), the server goes on talking (docs/decisions/nights-as-jobs.md).
//
// Owns: at most one child, and a thread for each job that reads what it says and outlives it. Threads: any. Errors:
// Busy (a job runs), NotFound (no such job), FailedPrecondition (a job that is over; the program cannot be started).
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "app/child_process.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/progress.h"
#include "serve/life.h"

namespace banchu {

class NightJobs {
 public:
  // `command`: the program and the words before "night" (--bag and so on).
  explicit NightJobs(std::vector<std::string> command) : command_(std::move(command)) {}
  ~NightJobs();  // asks the running one to end and waits: it stops between two steps and goes on next time
  NightJobs(const NightJobs&) = delete;
  NightJobs& operator=(const NightJobs&) = delete;

  Result<Json> start(const std::string& until);
  Result<Json> cancel(const std::string& job);
  Result<Json> find(const std::string& job);
  Json latest();  // null before the first
  bool is_running();
  // Called after a job's end; when this returns, no call of the one before runs any more.
  void when_one_ends(std::function<void()> call);
  Result<ToldNight> listen(const std::string& job, std::size_t known, std::chrono::milliseconds most);

 private:
  struct Job;
  std::shared_ptr<Job> find_locked(const std::string& job);
  void follow(Job& job, const Child& child);
  void hear(Job& job, std::string_view said, std::string& line, std::string& last_words);
  void add_progress(Job& job, const std::string& line);
  void end(Job& job, int pid, const std::string& answer, const std::string& last_words);

  std::vector<std::string> command_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::mutex call_mutex_;
  std::function<void()> call_;
  std::deque<std::shared_ptr<Job>> jobs_;  // the newest last
};

// How a job's child knows whose end is its own: the id of the process that started it.
inline constexpr const char* kEndsWithVariable = "BANCHU_ENDS_WITH";
// In the child: asks the system for SIGTERM when that process ends. Errors: Cancelled (it has ended already).
Status end_with_parent();

// A progress as the line that the child tells, and as the server tells it on.
Json progress_to_json(const Progress& progress);

}  // namespace banchu
