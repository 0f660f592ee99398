// The same job gives the same bytes: twice, after Ctrl-C, and after SIGKILL in the middle.
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>

#include "tests/train/workshop.h"
#include "train/state.h"

extern char** environ;

namespace banchu::test {
namespace {

// What an undisturbed run writes.
std::string undisturbed() {
  Workshop shop;
  EXPECT_TRUE(shop.run());
  return shop.bytes();
}

TEST(Resume, TwoRunsWriteTheSameBytes) { EXPECT_EQ(undisturbed(), undisturbed()); }

TEST(Resume, TwoRunsOnTwoThreadsWriteTheSameBytes) {
  Workshop first, second;
  first.job.options.threads = second.job.options.threads = 2;
  ASSERT_TRUE(first.run());
  ASSERT_TRUE(second.run());
  EXPECT_EQ(first.bytes(), second.bytes());
}

TEST(Resume, AnotherSeedWritesOtherBytes) {
  Workshop shop;
  shop.job.options.seed = 2;
  ASSERT_TRUE(shop.run());
  EXPECT_NE(undisturbed(), shop.bytes());
}

TEST(Resume, ACancelledRunGoesOnAndWritesTheSameBytes) {
  Workshop shop;
  CancelFlag cancel{false};
  shop.settings.after_step = [&](int step) { cancel = step == 5; };
  const auto stopped = shop.run(&cancel);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(Code::Cancelled, stopped.error().code);
  EXPECT_FALSE(shop.wrote());
  cancel = false;
  shop.settings.after_step = {};
  const auto finished = shop.run(&cancel);
  ASSERT_TRUE(finished) << finished.error().message;
  EXPECT_TRUE(finished->resumed);
  EXPECT_EQ(static_cast<std::size_t>(finished->steps), finished->curve.size());
  EXPECT_EQ(undisturbed(), shop.bytes());
  EXPECT_FALSE(std::filesystem::exists(lora::checkpoint_path(shop.job.checkpoint_folder)));
}

constexpr const char* kChildFolder = "BANCHU_TRAIN_TEST_FOLDER";

// Runs in a process of its own, which the next test starts and which kills itself after step 8.
TEST(Resume, DISABLED_ChildThatDies) {
  const char* folder = std::getenv(kChildFolder);
  ASSERT_NE(nullptr, folder);
  Workshop shop;
  shop.settle(folder);
  shop.settings.after_step = [](int step) {
    if (step == 8) std::raise(SIGKILL);
  };
  (void)shop.run();
}

TEST(Resume, AKilledProcessIsContinuedByAnotherAndTheBytesAreTheSame) {
  Workshop shop;
  setenv(kChildFolder, shop.folder.path().c_str(), 1);
  std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  std::string filter = "--gtest_filter=Resume.DISABLED_ChildThatDies", all = "--gtest_also_run_disabled_tests";
  char* arguments[] = {program.data(), filter.data(), all.data(), nullptr};
  pid_t child = 0;
  ASSERT_EQ(0, posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, environ));
  int status = 0;
  ASSERT_EQ(child, waitpid(child, &status, 0));
  ASSERT_TRUE(WIFSIGNALED(status)) << "the child was to die in step 8";
  ASSERT_EQ(SIGKILL, WTERMSIG(status));
  EXPECT_FALSE(shop.wrote());
  int first_step = 0;
  shop.settings.after_step = [&](int step) { first_step = first_step == 0 ? step : first_step; };
  const auto finished = shop.run();
  ASSERT_TRUE(finished) << finished.error().message;
  EXPECT_TRUE(finished->resumed);
  EXPECT_EQ(7, first_step) << "the newest checkpoint was that of step 6";
  EXPECT_EQ(undisturbed(), shop.bytes());
}

TEST(Resume, ACheckpointOfAnotherJobIsIgnored) {
  Workshop shop;
  CancelFlag cancel{true};
  ASSERT_FALSE(shop.run(&cancel));
  ASSERT_TRUE(std::filesystem::exists(lora::checkpoint_path(shop.job.checkpoint_folder)));
  shop.train.rows()[0].tokens[0] ^= 1;
  const auto finished = shop.run();
  ASSERT_TRUE(finished);
  EXPECT_FALSE(finished->resumed);
}

TEST(Resume, ADamagedCheckpointIsIgnored) {
  Workshop shop;
  CancelFlag cancel{false};
  shop.settings.after_step = [&](int step) { cancel = step == 4; };
  ASSERT_FALSE(shop.run(&cancel));
  shop.settings.after_step = {};
  const auto path = lora::checkpoint_path(shop.job.checkpoint_folder);
  std::string bytes = read_file(path).value();
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
  ASSERT_TRUE(write_file_atomic(path, bytes));
  const auto finished = shop.run();
  ASSERT_TRUE(finished);
  EXPECT_FALSE(finished->resumed);
  EXPECT_EQ(undisturbed(), shop.bytes());
}

TEST(Resume, ATruncatedCheckpointIsIgnored) {
  Workshop shop;
  CancelFlag cancel{false};
  shop.settings.after_step = [&](int step) { cancel = step == 4; };
  ASSERT_FALSE(shop.run(&cancel));
  const auto path = lora::checkpoint_path(shop.job.checkpoint_folder);
  const std::string bytes = read_file(path).value();
  const auto digest = std::string(bytes.data() + 24, 64);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{10}, std::size_t{60}, bytes.size() / 2, bytes.size() - 1}) {
    ASSERT_TRUE(write_file_atomic(path, bytes.substr(0, size)));
    EXPECT_FALSE(lora::load_checkpoint(digest, shop.job.checkpoint_folder)) << size;
  }
  ASSERT_TRUE(write_file_atomic(path, bytes));
  EXPECT_TRUE(lora::load_checkpoint(digest, shop.job.checkpoint_folder));
}

}  // namespace
}  // namespace banchu::test
