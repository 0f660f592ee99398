// Each planted fault is found, and the printed cure works.
#include "app/doctor.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/app/shell.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
using test::Ran;
using test::tiny_model;
using test::World;

std::map<std::string, std::string> findings_of(const World& world, std::vector<std::string> words = {}) {
  words.insert(words.begin(), {"--json", "doctor"});
  std::map<std::string, std::string> health;
  const Json answer = world.run(words).json();
  for (const Json& finding : answer.value("findings", Json::array()))
    health[string_at(finding, "id")] = string_at(finding, "health");
  return health;
}

// The real file, for one that is to be damaged.
fs::path copy_of_tiny(const World& world) {
  const fs::path copy = world.folder() / "copy.gguf";
  fs::copy_file(tiny_model(), copy);
  return copy;
}

TEST(Doctor, FindsNothingWrongInAHealthyBagAndChangesNothing) {
  World world;
  world.make_bag();
  const auto before = test::digests_below(world.bag());
  const Ran ran = world.run({"doctor"});
  EXPECT_EQ(ran.exit_code, 0) << ran.out;
  EXPECT_NE(ran.out.find("nothing is wrong"), std::string::npos) << ran.out;
  EXPECT_EQ(test::digests_below(world.bag()), before);
}

TEST(Doctor, SaysThatThereIsNoBagAndItsCureWorks) {
  World world;
  EXPECT_EQ(findings_of(world)["bag.none"], "note");
  ASSERT_EQ(world.run({"--model", tiny_model(), "bag", "init"}).exit_code, 0);
  EXPECT_FALSE(findings_of(world).contains("bag.none"));
}

TEST(Doctor, FindsALostHeadAndItsCureWorks) {
  World world;
  world.make_bag();
  fs::remove(world.bag() / "bag.json");
  EXPECT_EQ(findings_of(world)["bag.head"], "wrong");
  ASSERT_EQ(world.run({"bag", "init"}).exit_code, 0);
  EXPECT_FALSE(findings_of(world).contains("bag.head"));
}

TEST(Doctor, FindsADamagedDatabase) {
  World world;
  world.make_bag();
  std::ofstream(world.bag() / "banchu.db", std::ios::trunc) << "this is no database at all";
  EXPECT_EQ(findings_of(world)["bag.damaged"], "wrong");
  EXPECT_EQ(world.run({"doctor"}).exit_code, 20);
}

TEST(Doctor, FindsATruncatedModelAndAMissingOne) {
  World world;
  const fs::path model = copy_of_tiny(world);
  ASSERT_EQ(world.run({"--model", model.string(), "bag", "init"}).exit_code, 0);
  fs::resize_file(model, 5000);
  EXPECT_EQ(findings_of(world)["model.damaged"], "wrong");
  fs::remove(model);
  EXPECT_EQ(findings_of(world)["model.missing"], "wrong");
  ASSERT_EQ(world.run({"model", "add", tiny_model()}).exit_code, 0);  // the cure
  EXPECT_EQ(findings_of(world)["model"], "good");
}

TEST(Doctor, FindsAModelWithOtherBytes) {
  World world;
  const fs::path model = copy_of_tiny(world);
  ASSERT_EQ(world.run({"--model", model.string(), "bag", "init"}).exit_code, 0);
  std::fstream file(model, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-1, std::ios::end);
  file.put('\x55');
  file.close();
  EXPECT_EQ(findings_of(world)["model.damaged"], "wrong");
}

TEST(Doctor, FindsAMissingModelWithoutABag) {
  World world;
  EXPECT_EQ(findings_of(world)["model.missing"], "wrong");
}

TEST(Doctor, FindsAClockThatIsBehindTheJournal) {
  World world;
  world.make_bag();
  ASSERT_EQ(world.run({"chat", "--once", "hello"}).exit_code, 0);
  EXPECT_EQ(findings_of(world)["clock"], "good");
  EXPECT_EQ(findings_of(world, {"--now", "2025-06-01"})["clock.skewed"], "wrong");
  EXPECT_EQ(findings_of(world, {"--now", "1999-06-01"})["clock.skewed"], "wrong");
}

TEST(Doctor, FindsLostFiles) {
  World world;
  world.make_bag();
  const std::string tiny = std::string(BANCHU_SOURCE_DIR) + "/tests/fixtures/tiny/";
  ASSERT_EQ(world.run({"journal", "add", tiny + "good-day.jsonl"}).exit_code, 0);
  ASSERT_EQ(world.run({"ruminate", "--recipe", tiny + "night.yaml"}).exit_code, 0);
  EXPECT_EQ(findings_of(world)["bag"], "good");
  fs::remove_all(world.bag() / "memory_core" / "blobs");
  EXPECT_EQ(findings_of(world)["bag.files"], "wrong");
}

TEST(Doctor, FindsABagThatEverybodyCanReadAndItsCureWorks) {
  World world;
  world.make_bag();
  fs::permissions(world.bag(), fs::perms::others_read, fs::perm_options::add);
  EXPECT_EQ(findings_of(world)["bag.readable"], "note");
  fs::permissions(world.bag(), fs::perms::owner_all);
  EXPECT_FALSE(findings_of(world).contains("bag.readable"));
}

TEST(Doctor, JudgesTheMachineByWhatItIsTold) {
  AppContext context;
  EXPECT_EQ(judge_processor(context, "flags : fpu avx2 avx512f", "flags : fpu avx2 avx512f sse").health, Health::good);
  const DoctorFinding other = judge_processor(context, "flags : fpu avx2 avx512f", "flags : fpu avx2");
  EXPECT_EQ(other.id, "processor.other");
  EXPECT_NE(other.what.find("avx512f"), std::string::npos);
  EXPECT_EQ(judge_memory(context, 8ULL << 30).health, Health::good);
  EXPECT_EQ(judge_memory(context, 700ULL << 20).health, Health::note);
  EXPECT_EQ(judge_memory(context, 100ULL << 20).health, Health::wrong);
  EXPECT_EQ(judge_disk(context, 100ULL << 30).health, Health::good);
  EXPECT_EQ(judge_disk(context, 1ULL << 30).health, Health::note);
  EXPECT_EQ(judge_disk(context, 1 << 20).health, Health::wrong);
  EXPECT_EQ(judge_gpu(context, true, false).id, "gpu.driver");
  EXPECT_EQ(judge_gpu(context, false, false).health, Health::good);
  EXPECT_EQ(judge_terminal(context, false).health, Health::note);
  for (const DoctorFinding& finding : {other, judge_disk(context, 1 << 20), judge_gpu(context, true, false)}) {
    EXPECT_FALSE(finding.why.empty() || finding.mend.empty()) << finding.id;
  }
}

TEST(Doctor, NamesNobodyAndNothingThatWasSaid) {
  World world;
  world.make_bag();
  ASSERT_EQ(world.run({"chat", "--once", "my secret cat Nabi"}).exit_code, 0);
  fs::remove_all(world.bag() / "memory_core" / "journal");
  for (const char* language : {"en", "ko"}) {
    const Ran ran = world.run({"--lang", language, "doctor"});
    for (const std::string& secret : {std::string("Nabi"), std::string("secret"), world.folder().string()}) {
      EXPECT_EQ(ran.out.find(secret), std::string::npos) << ran.out;
    }
  }
}

}  // namespace
}  // namespace banchu
