// Each planted fault is found, and the printed cure works.
#include "app/doctor.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <regex>

#include "bag/lease.h"
#include "bag/lease_row.h"
#include "tests/app/grown_bag.h"
#include "tests/app/shell.h"
#include "tests/model/gguf_writer.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
using test::make_grown_bag;
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
  EXPECT_EQ(judge_gpu(context, true, false, false).id, "gpu.driver");
  EXPECT_EQ(judge_gpu(context, false, false, false).health, Health::good);
  EXPECT_EQ(judge_gpu(context, true, true, false).id, "gpu.unused");
  EXPECT_EQ(judge_gpu(context, true, true, true).health, Health::good);
  EXPECT_EQ(judge_terminal(context, true, false).health, Health::note);
  for (const DoctorFinding& finding : {other, judge_disk(context, 1 << 20), judge_gpu(context, true, false, false)}) {
    EXPECT_FALSE(finding.why.empty() || finding.mend.empty()) << finding.id;
  }
}

std::string tiny(const std::string& name) { return std::string(BANCHU_SOURCE_DIR) + "/tests/fixtures/tiny/" + name; }

TEST(Doctor, FindsAnUnfinishedNightAndItsCureWorks) {
  World world;
  world.make_bag();
  const std::string recipe = read_file(tiny("night.yaml")).value();
  ASSERT_TRUE(write_file_atomic(world.bag() / "night.yaml",
                                std::regex_replace(recipe, std::regex("(suite|everyday): "), "$1: " + tiny(""))));
  ASSERT_EQ(world.run({"journal", "add", tiny("good-day.jsonl")}).exit_code, 0);
  ASSERT_EQ(world.run({"ruminate"}).exit_code, 0);
  EXPECT_EQ(findings_of(world)["night.unfinished"], "note");
  const int answer = world.run({"night"}).exit_code;
  EXPECT_TRUE(answer == 0 || answer == 20);
  EXPECT_FALSE(findings_of(world).contains("night.unfinished"));
}

TEST(Doctor, FindsANightThatRunsAndAnotherMachine) {
  World world;
  world.make_bag();
  EXPECT_EQ(findings_of(world)["lock"], "good");
  {
    const auto bag = Bag::open(world.bag(), Bag::Access::read_write);
    ASSERT_TRUE(bag);
    const auto lease = (*bag)->acquire(LeaseKind::night);
    ASSERT_TRUE(lease);
    EXPECT_EQ(findings_of(world)["lock.night"], "note");
    LeaseRow row = read_lease((*bag)->database(), LeaseKind::night).value();
    row.owner.machine = "another";
    row.owner.boot = "another";
    ASSERT_TRUE(write_lease((*bag)->database(), LeaseKind::night, row));
    EXPECT_EQ(findings_of(world)["lock.elsewhere"], "wrong");
    row.renewed -= 2 * kLeaseLifetime_s;  // the cure: a machine that has died lets go after 10 minutes
    ASSERT_TRUE(write_lease((*bag)->database(), LeaseKind::night, row));
  }
  EXPECT_EQ(findings_of(world)["lock"], "good");
}

TEST(Doctor, FindsALostAdapterAndItsCureWorks) {
  World world;
  const Json one = make_grown_bag(world);
  EXPECT_FALSE(findings_of(world).contains("self.adapter"));
  fs::remove(world.bag() / "memory_core/adapters" / (string_at(one, "adapter") + ".gguf"));
  EXPECT_EQ(findings_of(world)["self.adapter"], "wrong");
  ASSERT_EQ(world.run({"self", "rollback"}).exit_code, 0);
  EXPECT_FALSE(findings_of(world).contains("self.adapter"));
  EXPECT_EQ(world.run({"chat", "--mode", "sandbox", "--once", "hello"}).exit_code, 0);
}

TEST(Doctor, FindsABagOfANewerBanchu) {
  World world;
  world.make_bag();
  const fs::path head = world.bag() / "bag.json";
  const std::string text = read_file(head).value();
  Json json = parse_json(text, "bag.json").value();
  json["format"] = 99;
  ASSERT_TRUE(write_file_atomic(head, to_line(json)));
  EXPECT_EQ(findings_of(world)["bag.newer"], "wrong");
  ASSERT_TRUE(write_file_atomic(head, text));  // what a newer banchu would do: read it
  EXPECT_FALSE(findings_of(world).contains("bag.newer"));
}

// A model of an unknown kind, without a template: it cannot grow.
TEST(Doctor, FindsAModelThatCannotGrowAndOneWithoutATemplate) {
  GgufWriter writer;
  writer.text("general.architecture", "starfish");
  writer.tensor("token_embd.weight", {32, 2}, std::vector<float>(64, 0.5f));
  World world;
  const fs::path file = world.write("starfish.gguf", writer.bytes());
  auto found = findings_of(world, {"--model", file.string()});
  EXPECT_EQ(found["model.training"], "note");
  EXPECT_EQ(found["model.template"], "note");
  EXPECT_EQ(world.run({"--model", file.string(), "model", "inspect", file.string()}).exit_code, 0);  // the cure
  found = findings_of(world, {"--model", tiny_model()});
  EXPECT_FALSE(found.contains("model.training") || found.contains("model.template"));
}

// As another user, where the tests run as root.
TEST(Doctor, FindsABagThatThisUserMayNotReadOrWriteAndItsCureWorks) {
  if (::geteuid() != 0 || std::system("command -v setpriv >/dev/null") != 0) {
    GTEST_SKIP() << "only root can ask as another user";
  }
  World world;
  world.make_bag();
  fs::permissions(world.folder(), fs::perms::all);
  fs::permissions(world.bag(), fs::perms::owner_all);
  const std::string nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups";
  const auto finds = [&](const std::string& id) {
    return world.run_in_shell(nobody, {"--json", "doctor"}, "").out.find(id) != std::string::npos;
  };
  if (world.run_in_shell(nobody, {"--version"}, "").exit_code != 0) GTEST_SKIP() << "the program lies out of its reach";
  EXPECT_FALSE(finds("\"bag\""));
  const std::string bag = world.bag().string();
  ASSERT_EQ(std::system(("chmod -R o+rX " + bag).c_str()), 0);
  EXPECT_TRUE(finds("bag.unwritable"));
  ASSERT_EQ(std::system(("chown -R 65534:65534 " + bag).c_str()), 0);  // the cure
  EXPECT_FALSE(finds("bag.unwritable"));
}

TEST(Doctor, FindsATakenPortAndTheOneItOffersIsFree) {
  const int taken = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(11500);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // Where another program has it already, that is as good.
  const bool is_mine = ::bind(taken, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ASSERT_TRUE(!is_mine || ::listen(taken, 1) == 0);
  World world;
  EXPECT_EQ(findings_of(world)["port.taken"], "note");
  const std::string told = world.run({"doctor"}).out;
  std::smatch match;
  ASSERT_TRUE(std::regex_search(told, match, std::regex("--port ([0-9]+)"))) << told;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(match[1])));
  const int other = ::socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(::bind(other, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(other);
  ::close(taken);
}

TEST(Doctor, FindsAHomeThatCannotBeWrittenAndItsCureWorks) {
  World world;
  world.write("shared", "a file where the folder should be");
  EXPECT_EQ(findings_of(world)["home.unwritable"], "note");
  fs::remove(world.folder() / "shared");
  EXPECT_EQ(findings_of(world)["home"], "good");
}

TEST(Doctor, JudgesWhatIsAroundTheProgramByWhatItIsTold) {
  AppContext context;
  EXPECT_EQ(judge_port(context, 11500, 0).health, Health::good);
  EXPECT_NE(judge_port(context, 11500, 11507).command.find("11507"), std::string::npos);
  EXPECT_EQ(judge_network(context, true, true, true).health, Health::good);
  EXPECT_EQ(judge_network(context, false, true, true).id, "network.none");
  EXPECT_EQ(judge_network(context, true, false, true).id, "network.names");
  EXPECT_EQ(judge_network(context, true, true, false).id, "network.certificates");
  EXPECT_EQ(judge_fonts(context, false).id, "fonts.hangul");
  EXPECT_EQ(judge_waiting(context, "active", "").id, "waiting.active");
  EXPECT_EQ(judge_waiting(context, "", "300000").id, "waiting.active");
  EXPECT_EQ(judge_waiting(context, "passive", "2000").health, Health::good);
  EXPECT_EQ(judge_terminal(context, false, false).id, "terminal.locale");
  EXPECT_EQ(judge_terminal(context, true, true).health, Health::good);
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
