// A fault is really planted, doctor names it with its reason and a command, the command is typed as it was printed, and
// the fault is gone.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "tests/app/grown_bag.h"
#include "tests/app/ward.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
using test::filled;
using test::Room;
using test::Seen;
using test::Ward;
using test::World;

struct Fault {
  const char* name;
  const char* id;
  const char* once;   // planted into the ward's files
  const char* shell;  // planted into each shell that asks
  Room room = Room::plain;
  std::map<std::string, std::string> words = {};  // what the command leaves to the user
  const char* tool = nullptr;                     // needed for planting or curing
};
std::ostream& operator<<(std::ostream& out, const Fault& fault) { return out << fault.name; }

const Fault kFaults[] = {
    {"NoBag", "bag.none", "rm -r bag", ""},
    {"LostHead", "bag.head", "rm bag/bag.json", ""},
    {"BrokenDatabase", "bag.damaged", "banchu chat --once hello; echo nonsense > bag/banchu.db", ""},
    {"LostFile",
     "bag.files",
     "banchu journal add \"$TINY/good-day.jsonl\"; banchu ruminate; cp -a bag copy; rm -r bag/memory_core/blobs",
     "",
     Room::plain,
     {{"COPY", "copy"}}},
    {"LostMirror", "bag.mirror", "banchu chat --once hello; rm bag/memory_core/journal/*.jsonl", ""},
    {"HalfAMirror", "bag.mirror",
     "banchu chat --once hello; banchu chat --once again; sed -i 1d bag/memory_core/journal/*.jsonl", ""},
    {"BagThatAllCanRead", "bag.readable", "chmod 755 bag", ""},
    {"BagThatItsOwnerMayNotWrite", "bag.unwritable", "", "chmod a-w bag", Room::nobody},
    {"BagThatItsOwnerMayNotRead", "bag.access", "", "chmod 000 bag/bag.json", Room::nobody},
    {"LostModel", "model.missing", "mv shared/models/tiny.gguf kept.gguf", "", Room::plain, {{"FILE", "kept.gguf"}}},
    {"LostModelWithoutABag",
     "model.missing",
     "rm -r bag; mv shared/models/tiny.gguf kept.gguf",
     "",
     Room::plain,
     {{"FILE", "kept.gguf"}}},
    {"LostModelInTheList",
     "bag.files",
     "mv shared/models/tiny.gguf kept.gguf",
     "",
     Room::plain,
     {{"FILE", "kept.gguf"}}},
    {"TruncatedModel",
     "model.damaged",
     "cp shared/models/tiny.gguf kept.gguf; truncate -s 5000 shared/models/tiny.gguf",
     "",
     Room::plain,
     {{"FILE", "kept.gguf"}}},
    {"ModelWhoseDigestChanged",
     "model.damaged",
     "cp shared/models/tiny.gguf kept.gguf; printf U | dd of=shared/models/tiny.gguf bs=1 conv=notrunc "
     "seek=$(($(stat -c %s kept.gguf) - 1)) 2>/dev/null",
     "",
     Room::plain,
     {{"FILE", "kept.gguf"}}},
    {"InterruptedNight", "night.unfinished", "banchu journal add \"$TINY/good-day.jsonl\"; banchu ruminate", ""},
    {"OpenKeys", "keys.open", "banchu serve --new-key phone --key-file banchu-keys; chmod 666 banchu-keys", ""},
    {"HomeThatIsNoFolder",
     "home.unwritable",
     "echo > plain",
     "export BANCHU_HOME=\"$PWD/plain/home\"",
     Room::plain,
     {{"OWN", "own"}}},
    {"LocaleOfLettersA", "terminal.locale", "", "export LANG=C"},
    {"LocaleThatIsNotInstalled", "terminal.locale", "", "export LC_ALL=xx_YY.UTF-8"},
    {"SpinningThreads", "waiting.active", "", "export OMP_WAIT_POLICY=active"},
    {"LongSpins", "waiting.active", "", "export GOMP_SPINCOUNT=infinite"},
    {"NoNameServer",
     "network.names",
     "",
     "ip link set lo up; ip route add default dev lo; : > empty; mount --bind empty /etc/resolv.conf",
     Room::alone,
     {{"ADDRESS", "192.0.2.1"}},
     "ip"},
    {"NoCertificates",
     "network.certificates",
     "",
     "ip link set lo up; ip route add default dev lo; mount -t tmpfs none /etc/ssl/certs",
     Room::alone,
     {},
     "update-ca-certificates"},
    {"SmallDisk",
     "disk.little",
     "",
     "mkdir -p small; mount -t tmpfs -o size=50m none small; cp -a bag small/; export BANCHU_BAG=$PWD/small/bag",
     Room::mounts,
     {{"LARGER", "larger"}}},
    {"FullDisk",
     "disk.little",
     "",
     "mkdir -p small; mount -t tmpfs -o size=8m none small; cp -a bag small/; export BANCHU_BAG=$PWD/small/bag; "
     "cat /dev/zero > small/zeros 2>/dev/null || true",
     Room::mounts,
     {{"LARGER", "larger"}}},
};

class PlantedFault : public testing::TestWithParam<Fault> {};

TEST_P(PlantedFault, IsNamedAndItsPrintedCommandMendsIt) {
  const Fault& fault = GetParam();
  const std::string closed = test::why_no_room(fault.room);
  if (!closed.empty()) GTEST_SKIP() << closed;
  const std::string look = std::string("PATH=$PATH:/usr/sbin:/sbin command -v ") + (fault.tool ? fault.tool : "sh");
  if (std::system((look + " >/dev/null").c_str()) != 0) GTEST_SKIP() << fault.tool << " is not installed";
  const Ward ward;
  const Seen healthy = ward.visit("", "", fault.room == Room::nobody ? Room::nobody : Room::plain);
  if (fault.room == Room::nobody && healthy.findings.empty()) GTEST_SKIP() << "the program lies out of its reach";
  EXPECT_FALSE(healthy.has(fault.id)) << healthy.text;
  ward.prepare(fault.once);

  const Seen ill = ward.visit(fault.shell, "", fault.room);
  ASSERT_TRUE(ill.has(fault.id)) << ill.text;
  EXPECT_NE(string_at(ill.findings.at(fault.id), "health"), "good");
  EXPECT_NE(string_at(ill.findings.at(fault.id), "what"), "");
  EXPECT_NE(string_at(ill.findings.at(fault.id), "why"), "");
  const std::string command = ill.command(fault.id);
  ASSERT_NE(command, "");

  // The command is typed into a shell in which the same fault was planted.
  const Seen mended = ward.visit(fault.shell, filled(command, fault.words), fault.room);
  EXPECT_EQ(mended.exit_code, 0) << command << "\n" << mended.text;
  EXPECT_FALSE(mended.findings.empty()) << mended.text;
  EXPECT_FALSE(mended.has(fault.id)) << command << "\n" << mended.text;
  for (const auto& [id, finding] : mended.findings) EXPECT_NE(string_at(finding, "health"), "wrong") << id;
}

INSTANTIATE_TEST_SUITE_P(Doctor, PlantedFault, testing::ValuesIn(kFaults),
                         [](const auto& fault) { return std::string(fault.param.name); });

TEST(Cure, WhatWasSaidComesBackFromABagWithABrokenDatabase) {
  const Ward ward;
  ward.prepare("banchu chat --once 'the lion sleeps'; echo nonsense > bag/banchu.db");
  const std::string command = ward.visit("").command("bag.damaged");
  ward.prepare(command + "\nbanchu journal show | grep 'the lion sleeps'\n[ -e bag.broken/banchu.db ]");
}

TEST(Cure, ASelfWhoseAdapterIsLostRollsBack) {
  const Ward ward;
  fs::remove_all(ward.folder() / "bag");
  const Json one = test::make_grown_bag(ward.world());
  EXPECT_FALSE(ward.visit("").has("self.adapter"));
  fs::remove(ward.folder() / "bag/memory_core/adapters" / (string_at(one, "adapter") + ".gguf"));
  const Seen ill = ward.visit("");
  ASSERT_TRUE(ill.has("self.adapter")) << ill.text;
  const Seen mended = ward.visit("", ill.command("self.adapter"));
  EXPECT_FALSE(mended.has("self.adapter")) << mended.text;
  ward.prepare("banchu chat --mode sandbox --once hello");
}

// The same shape, other numbers.
TEST(Cure, AForeignModelGetsABagOfItsOwn) {
  const Ward ward;
  ward.prepare(
      "cp shared/models/tiny.gguf foreign.gguf\n"
      "printf U | dd of=foreign.gguf bs=1 conv=notrunc seek=$(($(stat -c %s foreign.gguf) - 1)) 2>/dev/null");
  const Seen ill = ward.visit("", "", Room::plain, "--model foreign.gguf doctor");
  ASSERT_TRUE(ill.has("model.foreign")) << ill.text;
  EXPECT_FALSE(ward.visit("").has("model.foreign"));
  const Seen mended = ward.visit("", filled(ill.command("model.foreign"), {{"NEW", "new"}, {"FILE", "foreign.gguf"}}),
                                 Room::plain, "--bag new --model foreign.gguf doctor");
  EXPECT_EQ(mended.exit_code, 0) << mended.text;
  EXPECT_FALSE(mended.has("model.foreign")) << mended.text;
  ward.prepare("banchu --bag new chat --once hello");
}

// A model that nobody taught to talk goes on without a template; what doctor advises can be done with it.
TEST(Cure, AModelWithoutATemplateTalksThroughAMask) {
  const Ward ward;
  ward.prepare("sed 's/tokenizer.chat_template/tokenizer.chat_notmplte/' shared/models/tiny.gguf > plain.gguf");
  const Seen ill = ward.visit("", "", Room::plain, "--model plain.gguf doctor");
  ASSERT_TRUE(ill.has("model.template")) << ill.text;
  EXPECT_FALSE(ward.visit("").has("model.template"));
  ward.prepare(ill.command("model.template") + " --model plain.gguf --mode sandbox --once hello");
}

TEST(Cure, AnotherMachinesLeaseIsLetGoWhereItIsEnded) {
  const std::string closed = test::why_no_room(Room::mounts);
  if (!closed.empty() || !fs::exists("/etc/machine-id")) GTEST_SKIP() << closed << " or no /etc/machine-id";
  const Ward ward;
  // As root a namespace needs no user; both shells see one bag.
  const std::string enter = ::geteuid() == 0 ? "unshare -m" : "unshare -rm";
  ward.prepare(
      "echo 0123456789abcdef0123456789abcdef > other; echo 01234567-89ab-cdef-0123-456789abcdef > boot\n"
      "cat > elsewhere.sh <<'END'\nmount --bind other /etc/machine-id\n"
      "mount --bind boot /proc/sys/kernel/random/boot_id\nexec banchu serve --port 0\nEND\n" +
      enter +
      " bash elsewhere.sh > said 2>&1 &\n"
      "pid=$!\n"
      "until grep -q 'Ctrl-C ends it' said; do kill -0 $pid; sleep 0.05; done\n"
      "set +e\n"
      "banchu --json doctor > during\n"
      "kill -TERM $pid; wait $pid\n"
      "banchu --json doctor > after\n"
      "grep -q lock.elsewhere during && ! grep -q lock.elsewhere after && grep -q '\"lock\"' after");
}

TEST(Cure, ThePageOpensAtThePortThatDoctorOffers) {
  const int taken = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(11500);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // Where another program has it already, that is as good.
  const bool is_mine = ::bind(taken, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ASSERT_TRUE(!is_mine || ::listen(taken, 1) == 0);
  const Ward ward;
  const Seen ill = ward.visit("");
  ASSERT_TRUE(ill.has("port.taken")) << ill.text;
  ward.prepare(ill.command("port.taken") +
               " > said 2>&1 &\n"
               "pid=$!\n"
               "until grep -q 'Ctrl-C ends it' said; do kill -0 $pid || { cat said; exit 1; }; sleep 0.05; done\n"
               "kill -TERM $pid; wait $pid");
  ::close(taken);
  if (!is_mine) return;
  EXPECT_FALSE(ward.visit("").has("port.taken"));  // the other cure: that program has ended
}

TEST(Cure, LittleMemoryIsEnoughForANightThatMayTakeLittle) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer itself maps more than a limit would leave";
#endif
  const Ward ward;
  ward.prepare("banchu journal add \"$TINY/good-day.jsonl\"");
  const Seen ill = ward.visit("ulimit -v 1000000");
  ASSERT_TRUE(ill.has("memory.little")) << ill.text;
  const Seen mended = ward.visit("ulimit -v 1000000", ill.command("memory.little"));
  EXPECT_EQ(mended.exit_code, 0) << mended.text;
  EXPECT_FALSE(ward.visit("").has("memory.little"));  // the other half of the cure: what took the memory is gone
}

TEST(Cure, TurnsOfTheFutureAreNoFaultOnceTheClockIsSet) {
  const Ward ward;
  ward.prepare("banchu --now 2031-05-01T12:00:00Z chat --once hello");
  const Seen ill = ward.visit("");
  ASSERT_TRUE(ill.has("clock.skewed")) << ill.text;
  EXPECT_NE(ill.command("clock.skewed").find("timedatectl set-ntp true"), std::string::npos);
  EXPECT_FALSE(ward.visit("", "", Room::plain, "--now 2031-05-01T12:01:00Z doctor").has("clock.skewed"));
}

TEST(Cure, AnotherProcessorGetsAnEngineOfItsOwn) {
  const std::string closed = test::why_no_room(Room::mounts);
  if (!closed.empty()) GTEST_SKIP() << closed;
  if (std::system("grep -qw avx2 /proc/cpuinfo") != 0) GTEST_SKIP() << "this processor has no AVX2 to be taken away";
  const Ward ward;
  const std::string plant = "sed 's/ avx2 / /' /proc/cpuinfo > cpu; mount --bind cpu /proc/cpuinfo";
  const Seen ill = ward.visit(plant, "", Room::mounts);
  ASSERT_TRUE(ill.has("processor.other")) << ill.text;
  EXPECT_NE(string_at(ill.findings.at("processor.other"), "what").find("avx2"), std::string::npos);
  EXPECT_EQ(ill.command("processor.other"), "./start --setup");
  // What ./start --setup asks first: where this processor's engine lies. It is another one, so it would be built.
  const std::string where = std::string("'") + BANCHU_SOURCE_DIR + "/engine/build' --where";
  const std::string here = ward.shell(where, Room::plain).out,
                    there = ward.shell(plant + "\n" + where, Room::mounts).out;
  EXPECT_NE(here, "");
  EXPECT_NE(there, "");
  EXPECT_NE(here, there);
}

TEST(Cure, ACardIsSeenWithAndWithoutItsDriver) {
  const std::string closed = test::why_no_room(Room::mounts);
  if (!closed.empty() || !fs::exists("/sys/bus/pci/devices")) GTEST_SKIP() << closed << " or no PCI devices";
  const Ward ward;
  if (ward.visit("").findings.contains("gpu.unused")) GTEST_SKIP() << "this machine has a card and its driver";
  const std::string plant =
      "mkdir -p pci/0000:01:00.0; echo 0x10de > pci/0000:01:00.0/vendor; echo 0x030000 > pci/0000:01:00.0/class\n"
      "mount --bind pci /sys/bus/pci/devices";
  const Seen ill = ward.visit(plant, "", Room::mounts);
  ASSERT_TRUE(ill.has("gpu.driver")) << ill.text;
  EXPECT_NE(ill.command("gpu.driver").find("apt-get install nvidia-driver"), std::string::npos);
  if (!fs::is_directory("/proc/driver")) return;
  const Seen loaded =
      ward.visit(plant + "\nmkdir -p driver/nvidia; mount --bind driver /proc/driver", "", Room::mounts);
  EXPECT_FALSE(loaded.has("gpu.driver")) << loaded.text;
}

TEST(Cure, WithoutANetworkAModelComesFromAFile) {
  const std::string closed = test::why_no_room(Room::alone);
  if (!closed.empty()) GTEST_SKIP() << closed;
  const Ward ward;
  const Seen ill = ward.visit("", "", Room::alone);
  ASSERT_TRUE(ill.has("network.none")) << ill.text;
  const Seen brought = ward.visit("rm shared/models/tiny.gguf",
                                  filled(ill.command("network.none"), {{"FILE", "\"$TINY/tiny.gguf\""}}), Room::alone);
  EXPECT_EQ(brought.exit_code, 0) << brought.text;
  EXPECT_TRUE(brought.has("model")) << brought.text;
}

TEST(Cure, FontsWithoutHangulAreSeen) {
  const std::string closed = test::why_no_room(Room::mounts);
  if (!closed.empty() || !fs::is_directory("/usr/share/fonts")) GTEST_SKIP() << closed << " or no fonts";
  const Ward ward;
  if (ward.visit("").has("fonts.hangul")) GTEST_SKIP() << "no Hangul here anyway";
  const Seen ill = ward.visit("mount -t tmpfs none /usr/share/fonts", "", Room::mounts);
  ASSERT_TRUE(ill.has("fonts.hangul")) << ill.text;
  EXPECT_NE(ill.command("fonts.hangul").find("fonts-nanum"), std::string::npos);
}

}  // namespace
}  // namespace banchu
