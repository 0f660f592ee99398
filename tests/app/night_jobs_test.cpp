// Nights as jobs, with scripts in the night's place: what a child says, how it ends, how it is asked to end.
#include "app/night_jobs.h"

#include <gtest/gtest.h>

#include <future>

#include "base/file.h"

namespace banchu {
namespace {

constexpr std::chrono::milliseconds kPatience{60000};

class NightJobsTest : public testing::Test {
 protected:
  // A program that does this when it is asked for a night.
  std::vector<std::string> script(const std::string& body) {
    const auto file = folder_.path() / "night.sh";
    EXPECT_TRUE(write_file_atomic(file, body));
    return {"/bin/sh", file.string()};
  }
  // All that a job tells, and its end.
  static ToldNight told_by(NightJobs& jobs, const std::string& job) {
    ToldNight all;
    while (!all.end) {
      Result<ToldNight> more = jobs.listen(job, all.progress.size(), kPatience);
      if (!more) break;
      all.progress.insert(all.progress.end(), more->progress.begin(), more->progress.end());
      all.end = more->end;
    }
    return all;
  }
  static Json end_of(NightJobs& jobs) {
    const Result<Json> started = jobs.start("");
    EXPECT_TRUE(started) << started.error().message;
    return told_by(jobs, string_at(*started, "job")).end.value_or(Json());
  }
  TemporaryFolder folder_ = TemporaryFolder::create("banchu-jobs").value();
};

TEST_F(NightJobsTest, TellsEveryStepAndTheOutcome) {
  NightJobs jobs(script(R"(
    echo 'a remark for a person' >&2
    for step in 1 2 3; do
      echo '{"stage":"engraving","done":'$step',"total":3,"unit":"step","detail":"","loss":0.5}' >&2
    done
    echo '{"run":"r1","decision":"promoted","words":"'"$*"'"}'
  )"));
  const Json started = jobs.start("evaluate").value();
  EXPECT_EQ(started["state"], "running");
  EXPECT_EQ(started["until"], "evaluate");
  const ToldNight told = told_by(jobs, string_at(started, "job"));
  ASSERT_EQ(told.progress.size(), 3u);
  EXPECT_EQ(told.progress[2]["done"], 3);
  EXPECT_EQ(told.progress[0]["loss"], 0.5);
  EXPECT_TRUE(told.progress[0].contains("seconds_left"));
  EXPECT_EQ((*told.end)["state"], "done");
  EXPECT_EQ((*told.end)["outcome"]["run"], "r1");
  EXPECT_EQ((*told.end)["outcome"]["words"], "night --progress --only evaluate");
  EXPECT_EQ(jobs.latest()["progress"]["done"], 3);
  EXPECT_EQ(jobs.listen(string_at(started, "job"), 1, kPatience)->progress.size(), 2u)
      << "told again to who comes late";
}

TEST_F(NightJobsTest, ARefusalIsAnOutcomeNotAFailure) {
  NightJobs jobs(script("echo '{\"decision\":\"refused\"}'; exit 20"));
  const Json end = end_of(jobs);
  EXPECT_EQ(end["state"], "done");
  EXPECT_EQ(end["outcome"]["decision"], "refused");
}

TEST_F(NightJobsTest, AnErrorIsHandedOn) {
  NightJobs jobs(
      script("echo '{\"error\":{\"code\":\"NoSpace\",\"message\":\"full\",\"hint\":\"make room\"}}'; exit 7"));
  const Json end = end_of(jobs);
  EXPECT_EQ(end["state"], "failed");
  EXPECT_EQ(end["error"]["code"], "NoSpace");
}

TEST_F(NightJobsTest, AChildThatIsKilledFailsAndTheNextMayStart) {
  NightJobs jobs(script("echo 'out of memory' >&2; kill -KILL $$"));
  for (int i = 0; i < 2; ++i) {
    const Json end = end_of(jobs);
    EXPECT_EQ(end["state"], "failed");
    EXPECT_NE(string_at(end["error"], "message").find("signal 9"), std::string::npos) << end.dump();
    EXPECT_EQ(end["error"]["hint"], "out of memory");
  }
}

TEST_F(NightJobsTest, OneAtATimeAndItEndsWhenItIsAsked) {
  // It says that it is there, and waits until it is asked to end.
  const std::string waits =
      "trap 'echo \"{\\\"error\\\":{\\\"code\\\":\\\"Cancelled\\\"}}\"; exit 10' TERM\n"
      "echo '{\"stage\":\"engraving\",\"done\":1,\"total\":9}' >&2\nwhile :; do sleep 0.05; done\n";
  NightJobs jobs(script(waits));
  const std::string job = string_at(jobs.start("").value(), "job");
  ASSERT_EQ(jobs.listen(job, 0, kPatience)->progress.size(), 1u);
  EXPECT_TRUE(jobs.is_running());
  EXPECT_EQ(jobs.start("").error().code, Code::Busy);
  ASSERT_TRUE(jobs.cancel(job));
  ASSERT_TRUE(jobs.cancel(job)) << "asked twice, told once";
  EXPECT_EQ((*told_by(jobs, job).end)["state"], "cancelled");
  EXPECT_EQ(jobs.cancel(job).error().code, Code::FailedPrecondition);
  EXPECT_EQ(jobs.cancel("nobody").error().code, Code::NotFound);
  EXPECT_EQ(jobs.listen("nobody", 0, kPatience).error().code, Code::NotFound);
  ASSERT_TRUE(jobs.start(""));  // the end of `jobs` ends it too
}

TEST_F(NightJobsTest, TheEndIsCalled) {
  NightJobs jobs(script("echo '{}'"));
  std::promise<void> called;
  jobs.when_one_ends([&] { called.set_value(); });
  ASSERT_TRUE(jobs.start(""));
  EXPECT_EQ(called.get_future().wait_for(kPatience), std::future_status::ready);
  jobs.when_one_ends({});
}

TEST(NightProgress, TheNumbersOfTheTrainingAreReadFromWhatItTells) {
  const Json told = progress_to_json({"engraving", 3, 9, "step", "loss 0.310   best valid 1.350   412 tok/s"});
  EXPECT_EQ(told["loss"], 0.31);
  EXPECT_EQ(told["valid_loss"], 1.35);
  EXPECT_EQ(told["tokens_per_second"], 412);
  const Json early = progress_to_json({"engraving", 1, 9, "step", "loss nan   7 tok/s"});
  EXPECT_TRUE(early["loss"].is_null());
  EXPECT_TRUE(early["valid_loss"].is_null());
  EXPECT_EQ(early["tokens_per_second"], 7);
}

TEST_F(NightJobsTest, AProgramThatIsNotThereIsSaidSo) {
  NightJobs jobs({"/nowhere/banchu"});
  EXPECT_EQ(jobs.start("").error().code, Code::FailedPrecondition);
  EXPECT_FALSE(jobs.is_running());
}

}  // namespace
}  // namespace banchu
