// The same job gives the same bytes: twice, after Ctrl-C, and after SIGKILL in the middle.
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
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
constexpr const char* kChildCase = "BANCHU_TRAIN_TEST_CASE";

// Every optimiser, and every loss: cross-entropy, distillation and rehearsal stand in every case, pairs in some.
struct ResumeCase {
  const char* name;
  TrainOptions::Optimiser optimiser = TrainOptions::Optimiser::adamw;
  bool paged = false;
  bool pairs = false;
  bool everything = false;  // running mean, noise, LoRA+, rsLoRA
};
const ResumeCase kCases[] = {
    {"Plain"},
    {"Paged", TrainOptions::Optimiser::adamw, true},
    {"EightBit", TrainOptions::Optimiser::adamw_8bit},
    {"PagedEightBit", TrainOptions::Optimiser::adamw_8bit, true},
    {"Pairs", TrainOptions::Optimiser::adamw, false, true},
    {"Everything", TrainOptions::Optimiser::adamw_8bit, true, true, true},
};

void equip(const ResumeCase& one, Workshop* shop) {
  TrainOptions& options = shop->job.options;
  options.optimiser = one.optimiser;
  options.paged_states = one.paged;
  if (one.pairs) {
    for (const std::uint64_t seed : {70U, 71U, 72U}) {
      shop->train.rows().push_back(random_row(seed, RowKind::preference, 14));
    }
    shop->valid.rows().push_back(random_row(73, RowKind::preference, 10));
  }
  if (!one.everything) return;
  options.ema_decay = 0.9;
  options.neftune_alpha = 5;
  options.b_rate_ratio = 4;
  options.rank_stabilised = true;
}

class EveryCase : public testing::TestWithParam<ResumeCase> {};
INSTANTIATE_TEST_SUITE_P(Resume, EveryCase, testing::ValuesIn(kCases),
                         [](const auto& one) { return std::string(one.param.name); });

// Runs in a process of its own, which the next test starts and which kills itself after step 8.
TEST(Resume, DISABLED_ChildThatDies) {
  const char* folder = std::getenv(kChildFolder);
  ASSERT_NE(nullptr, folder);
  Workshop shop;
  shop.settle(folder);
  equip(kCases[std::atoi(std::getenv(kChildCase))], &shop);
  shop.settings.after_step = [](int step) {
    if (step == 8) std::raise(SIGKILL);
  };
  (void)shop.run();
}

void run_the_child(const std::filesystem::path& folder, std::size_t which) {
  setenv(kChildFolder, folder.c_str(), 1);
  setenv(kChildCase, std::to_string(which).c_str(), 1);
  std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  std::string filter = "--gtest_filter=Resume.DISABLED_ChildThatDies", all = "--gtest_also_run_disabled_tests";
  char* arguments[] = {program.data(), filter.data(), all.data(), nullptr};
  pid_t child = 0;
  ASSERT_EQ(0, posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, environ));
  int status = 0;
  ASSERT_EQ(child, waitpid(child, &status, 0));
  ASSERT_TRUE(WIFSIGNALED(status)) << "the child was to die in step 8";
  ASSERT_EQ(SIGKILL, WTERMSIG(status));
}

TEST_P(EveryCase, AKilledProcessIsContinuedByAnotherAndTheBytesAreTheSame) {
  Workshop calm, shop;
  equip(GetParam(), &calm);
  equip(GetParam(), &shop);
  ASSERT_TRUE(calm.run());
  const auto which = static_cast<std::size_t>(
      std::find_if(std::begin(kCases), std::end(kCases), [&](const auto& one) { return one.name == GetParam().name; }) -
      std::begin(kCases));
  ASSERT_NO_FATAL_FAILURE(run_the_child(shop.folder.path(), which));
  EXPECT_FALSE(shop.wrote());
  int first_step = 0;
  shop.settings.after_step = [&](int step) { first_step = first_step == 0 ? step : first_step; };
  const auto finished = shop.run();
  ASSERT_TRUE(finished) << finished.error().message;
  EXPECT_TRUE(finished->resumed);
  EXPECT_EQ(7, first_step) << "the newest checkpoint was that of step 6";
  EXPECT_EQ(calm.bytes(), shop.bytes());
}

// --- checkpoints that cannot be taken

// A shop with a checkpoint of step 4.
struct Stopped : Workshop {
  Stopped() {
    CancelFlag cancel{false};
    settings.after_step = [&](int step) { cancel = step == 4; };
    EXPECT_FALSE(run(&cancel));
    settings.after_step = {};
  }
  std::filesystem::path checkpoint() const { return lora::checkpoint_path(job.checkpoint_folder); }
  // Begins anew, and says why.
  void expect_anew(const std::string& why) {
    const auto finished = run();
    ASSERT_TRUE(finished) << finished.error().message;
    EXPECT_FALSE(finished->resumed);
    ASSERT_EQ(1U, finished->notes.size());
    EXPECT_NE(std::string::npos, finished->notes[0].find(why)) << finished->notes[0];
  }
};

TEST(Checkpoint, OfAnotherDatasetIsNamedAndSetAside) {
  Stopped shop;
  shop.train.rows()[0].tokens[0] ^= 1;
  shop.expect_anew("another dataset");
}

TEST(Checkpoint, OfAnotherModelIsNamedAndSetAside) {
  Stopped shop;
  write_tiny_model(make_tiny_llama(8), shop.job.base);
  shop.expect_anew("another model");
}

TEST(Checkpoint, OfOtherOptionsIsNamedAndSetAside) {
  Stopped shop;
  shop.job.options.rank = 3;
  shop.expect_anew("other options");
  Stopped eight;
  eight.job.options.optimiser = TrainOptions::Optimiser::adamw_8bit;
  eight.expect_anew("other options");
}

TEST(Checkpoint, OfAnotherThreadCountIsNamedAndSetAside) {
  Stopped shop;
  shop.job.options.threads = 2;
  shop.expect_anew("thread count");
}

TEST(Checkpoint, OfAnotherSelfIsNamedAndSetAside) {
  Workshop first;
  ASSERT_TRUE(first.run());
  Stopped shop;
  shop.job.frozen = {{"", first.job.output, 1.0f}};
  shop.expect_anew("another self");
}

TEST(Checkpoint, OfAnotherVersionIsNamedAndSetAside) {
  Stopped shop;
  std::string bytes = read_file(shop.checkpoint()).value();
  ASSERT_EQ("banchu-train-02", bytes.substr(0, 15));
  bytes[14] = '1';
  ASSERT_TRUE(write_file_atomic(shop.checkpoint(), bytes));
  shop.expect_anew("another version");
}

TEST(Checkpoint, ThatIsDamagedIsSetAsideAndTheBytesAreTheSame) {
  Stopped shop;
  std::string bytes = read_file(shop.checkpoint()).value();
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
  ASSERT_TRUE(write_file_atomic(shop.checkpoint(), bytes));
  shop.expect_anew("damaged");
  EXPECT_EQ(undisturbed(), shop.bytes());
}

TEST(Checkpoint, ThatIsTruncatedAnywhereIsSetAside) {
  Stopped shop;
  const std::string bytes = read_file(shop.checkpoint()).value();
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{10}, std::size_t{60}, bytes.size() / 2, bytes.size() - 1}) {
    ASSERT_TRUE(write_file_atomic(shop.checkpoint(), bytes.substr(0, size)));
    shop.expect_anew("damaged");
  }
  ASSERT_TRUE(write_file_atomic(shop.checkpoint(), bytes));
  EXPECT_TRUE(shop.run()->resumed);
}

// Whatever is written to /dev/full finds a full disk.
TEST(Checkpoint, OnAFullDiskThePreviousOneStaysWhole) {
  Stopped shop;
  const std::string before = read_file(shop.checkpoint()).value();
  std::filesystem::create_symlink("/dev/full", shop.checkpoint().string() + ".new");
  const auto stopped = shop.run();
  ASSERT_FALSE(stopped);
  EXPECT_EQ(Code::NoSpace, stopped.error().code) << stopped.error().message;
  EXPECT_FALSE(shop.wrote());
  EXPECT_EQ(before, read_file(shop.checkpoint()).value());
  const auto finished = shop.run();  // the disk has room again
  ASSERT_TRUE(finished) << finished.error().message;
  EXPECT_TRUE(finished->resumed);
  EXPECT_EQ(undisturbed(), shop.bytes());
}

}  // namespace
}  // namespace banchu::test
