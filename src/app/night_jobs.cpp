#include "app/night_jobs.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <future>
#include <regex>
#include <utility>

#include "base/digest.h"
#include "base/text.h"

namespace banchu {

// What is known of one night. All but `id`, `until`, `started` and `thread` is guarded by the jobs' mutex.
struct NightJobs::Job {
  std::string id = random_id();
  std::string until;
  Time started = now();
  double began = steady_seconds();
  pid_t pid = 0;
  bool asked_to_end = false;
  std::string state = "running";
  Time finished = 0;
  Json outcome, error;
  std::vector<Json> told;
  std::string stage;
  double stage_began = 0;
  double stage_first = 0;
  std::thread thread;

  Json as_json() const {
    return {{"job", id},
            {"state", state},
            {"until", until.empty() ? Json() : Json(until)},
            {"started", format_time(started)},
            {"finished", finished == 0 ? Json() : Json(format_time(finished))},
            {"progress", told.empty() ? Json() : told.back()},
            {"outcome", outcome},
            {"error", error}};
  }
};

namespace {

constexpr std::size_t kKeptJobs = 8;
constexpr std::size_t kMostTold = 20000;             // a night has some thousand steps
constexpr std::size_t kMostAnswerBytes = 64u << 20;  // of the child's stdout; a report is some 100 kB
constexpr std::size_t kMostLineBytes = 1 << 16;

double made_per_second(double made, double seconds) { return seconds > 0.2 && made > 0 ? made / seconds : 0; }

// "loss 0.310   best valid 0.350   412 tok/s", as the training tells it: the number behind `before` that ends there or
// at `after`.
Json number_in(const std::string& detail, const std::string& before, const std::string& after) {
  const std::regex shape("(^|   )" + before + R"(([0-9]+(\.[0-9]+)?))" + after + "($|   )");
  std::smatch found;
  if (!std::regex_search(detail, found, shape)) return {};
  return std::strtod(found[2].str().c_str(), nullptr);
}

}  // namespace

NightJobs::~NightJobs() {
  std::deque<std::shared_ptr<Job>> jobs;
  {
    const std::scoped_lock lock(mutex_);
    jobs = jobs_;
    for (const auto& job : jobs) {
      if (job->state == "running" && !std::exchange(job->asked_to_end, true)) ::kill(job->pid, SIGTERM);
    }
  }
  for (const auto& job : jobs) {
    if (job->thread.joinable()) job->thread.join();
  }
}

Result<Json> NightJobs::start(const std::string& until) {
  const std::scoped_lock lock(mutex_);
  if (!jobs_.empty() && jobs_.back()->state == "running")
    return make_error(Code::Busy, "a night runs already", "its job is " + jobs_.back()->id);
  std::vector<std::string> words = command_;
  words.insert(words.end(), {"night", "--progress"});
  if (!until.empty()) words.insert(words.end(), {"--only", until});
  auto job = std::make_shared<Job>();
  job->until = until;
  // The thread that starts the child waits for it: the system ends the child when its starter's *thread* ends.
  const auto promise = std::make_shared<std::promise<Result<Child>>>();
  std::future<Result<Child>> started = promise->get_future();
  job->thread = std::thread([this, job, words, promise] {
    const Result<Child> child = start_child(words, {fmt::format("{}={}", kEndsWithVariable, ::getpid())});
    promise->set_value(child);
    if (child) follow(*job, *child);
  });
  const Result<Child> child = started.get();
  if (!child) {
    job->thread.join();
    return child.error();
  }
  job->pid = child->pid;
  if (jobs_.size() >= kKeptJobs) {
    jobs_.front()->thread.join();  // it is over, as all but the newest are
    jobs_.pop_front();
  }
  jobs_.push_back(job);
  return job->as_json();
}

std::shared_ptr<NightJobs::Job> NightJobs::find_locked(const std::string& job) {
  const auto found = std::find_if(jobs_.begin(), jobs_.end(), [&](const auto& one) { return one->id == job; });
  return found == jobs_.end() ? nullptr : *found;
}

Result<Json> NightJobs::find(const std::string& job) {
  const std::scoped_lock lock(mutex_);
  const std::shared_ptr<Job> found = find_locked(job);
  if (found == nullptr) return make_error(Code::NotFound, fmt::format("there is no job {}", shorten(job, 40)));
  return found->as_json();
}

Result<Json> NightJobs::cancel(const std::string& job) {
  const std::scoped_lock lock(mutex_);
  const std::shared_ptr<Job> found = find_locked(job);
  if (found == nullptr) return make_error(Code::NotFound, fmt::format("there is no job {}", shorten(job, 40)));
  if (found->state != "running") return make_error(Code::FailedPrecondition, "this night is over already");
  // Asked once: a second time would end it without saving what it has trained.
  if (!std::exchange(found->asked_to_end, true)) ::kill(found->pid, SIGTERM);
  return found->as_json();
}

Json NightJobs::latest() {
  const std::scoped_lock lock(mutex_);
  return jobs_.empty() ? Json() : jobs_.back()->as_json();
}

bool NightJobs::is_running() {
  const std::scoped_lock lock(mutex_);
  return !jobs_.empty() && jobs_.back()->state == "running";
}

Result<ToldNight> NightJobs::listen(const std::string& job, std::size_t known, std::chrono::milliseconds most) {
  std::unique_lock lock(mutex_);
  const std::shared_ptr<Job> found = find_locked(job);
  if (found == nullptr) return make_error(Code::NotFound, fmt::format("there is no job {}", shorten(job, 40)));
  changed_.wait_for(lock, most, [&] { return found->told.size() > known || found->state != "running"; });
  ToldNight told;
  for (std::size_t i = known; i < found->told.size(); ++i) told.progress.push_back(found->told[i]);
  if (found->state != "running") told.end = found->as_json();
  return told;
}

// Reads both streams until the child has closed them, then waits for its end.
void NightJobs::follow(Job& job, const Child& child) {
  std::string answer;
  std::string line;  // of stderr, not at its end yet
  std::string last_words;
  std::array<pollfd, 2> ends = {pollfd{child.out, POLLIN, 0}, pollfd{child.err, POLLIN, 0}};
  std::array<char, 1 << 14> bytes{};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    if (::poll(ends.data(), ends.size(), -1) < 0 && errno != EINTR) break;
    for (pollfd& end : ends) {
      if (end.fd < 0 || end.revents == 0) continue;
      const ssize_t got = ::read(end.fd, bytes.data(), bytes.size());
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      const std::string_view said(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
      if (&end == &ends[1]) {
        hear(job, said, line, last_words);
      } else if (answer.size() < kMostAnswerBytes) {
        answer += said;
      }
      if (got <= 0) ::close(std::exchange(end.fd, -1));
    }
  }
  // Looked at only: until end() takes it away, its number belongs to nobody else, so cancel() cannot hit another.
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(child.pid), &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
  }
  end(job, child.pid, answer, last_words);
  const std::scoped_lock lock(call_mutex_);
  if (call_) call_();
}

// Lines of progress; any other line is for a person at a terminal, and the last of them may say why it ended.
void NightJobs::hear(Job& job, std::string_view said, std::string& line, std::string& last_words) {
  for (const char c : said) {
    if (c != '\n') {
      if (line.size() < kMostLineBytes) line += c;
      continue;
    }
    if (line.starts_with('{')) {
      add_progress(job, line);
    } else if (!line.empty()) {
      last_words = line;
    }
    line.clear();
  }
}

void NightJobs::when_one_ends(std::function<void()> call) {
  const std::scoped_lock lock(call_mutex_);
  call_ = std::move(call);
}

void NightJobs::add_progress(Job& job, const std::string& line) {
  Result<Json> told = parse_json(line, "the night's progress");
  if (!told || !told->is_object() || !told->contains("stage")) return;
  const std::scoped_lock lock(mutex_);
  const double seconds = steady_seconds() - job.began;
  const double done = number_at(*told, "done"), total = number_at(*told, "total");
  if (string_at(*told, "stage") != job.stage) {
    job.stage = string_at(*told, "stage");
    job.stage_began = seconds;
    job.stage_first = done;
  }
  const double rate = made_per_second(done - job.stage_first, seconds - job.stage_began);
  (*told)["seconds_left"] = rate > 0 && total > done ? Json((total - done) / rate) : Json();
  (*told)["seconds"] = seconds;
  if (job.told.size() < kMostTold) {
    job.told.push_back(std::move(*told));
  } else {
    job.told.back() = std::move(*told);
  }
  changed_.notify_all();
}

void NightJobs::end(Job& job, int pid, const std::string& answer, const std::string& last_words) {
  const Result<Json> said = parse_json(answer, "the night's answer");
  const bool is_answer = said && said->is_object() && !said->contains("error");
  const std::scoped_lock lock(mutex_);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  const bool is_done = WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == kExitAnswerIsNo);
  job.finished = now();
  if (is_answer && is_done) {
    job.outcome = *said;
    job.state = "done";
  } else if (said && said->is_object() && said->contains("error")) {
    job.error = (*said)["error"];
    job.state = string_at(job.error, "code") == "Cancelled" ? "cancelled" : "failed";
  } else {
    const std::string how = WIFSIGNALED(status) ? fmt::format("by signal {}", WTERMSIG(status))
                                                : fmt::format("with exit code {}", WEXITSTATUS(status));
    job.error = {{"code", job.asked_to_end ? "Cancelled" : "Internal"},
                 {"message", "the night ended " + how},
                 {"hint", last_words.empty() ? "what its stages finished stays; start it again" : last_words}};
    job.state = job.asked_to_end ? "cancelled" : "failed";
  }
  changed_.notify_all();
}

Status end_with_parent() {
  const char* parent = std::getenv(kEndsWithVariable);
  if (parent == nullptr) return {};
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (std::to_string(::getppid()) == parent) return {};
  return make_error(Code::Cancelled, "the server that wanted this night has ended");
}

Json progress_to_json(const Progress& progress) {
  return {{"stage", progress.stage},
          {"done", progress.done},
          {"total", progress.total},
          {"unit", progress.unit},
          {"detail", progress.detail},
          {"loss", number_in(progress.detail, "loss ", "")},
          {"valid_loss", number_in(progress.detail, "best valid ", "")},
          {"tokens_per_second", number_in(progress.detail, "", " tok/s")}};
}

}  // namespace banchu
