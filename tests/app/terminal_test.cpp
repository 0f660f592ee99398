// What reaches a terminal of the texts that others wrote: no escape sequence, no control, no direction override.
#include "app/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "tests/app/shell.h"

namespace banchu {
namespace {

using test::Ran;
using test::World;

// A pseudo terminal: what is shown on it can be read at the other end.
class PseudoTerminal {
 public:
  PseudoTerminal() : master_(::posix_openpt(O_RDWR | O_NOCTTY)) {
    if (::grantpt(master_) != 0 || ::unlockpt(master_) != 0) return;
    const int slave = ::open(::ptsname(master_), O_RDWR | O_NOCTTY);
    termios raw{};
    ::tcgetattr(slave, &raw);
    ::cfmakeraw(&raw);
    ::tcsetattr(slave, TCSANOW, &raw);
    stream_ = ::fdopen(slave, "w");
  }
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;
  ~PseudoTerminal() {
    if (stream_ != nullptr) std::fclose(stream_);
    ::close(master_);
  }
  std::FILE* stream() const { return stream_; }
  std::string read() const {
    char bytes[4096];
    const ssize_t count = ::read(master_, bytes, sizeof bytes);
    return std::string(bytes, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  }

 private:
  int master_;
  std::FILE* stream_ = nullptr;
};

TEST(Terminal, ShowsItsOwnColoursAndNobodyElses) {
  ::setenv("TERM", "xterm", 1);
  ::unsetenv("NO_COLOR");
  const PseudoTerminal pseudo;
  ASSERT_NE(pseudo.stream(), nullptr);
  const Terminal terminal(pseudo.stream());
  ASSERT_TRUE(terminal.has_colour());
  terminal.show("x " + terminal.paint(Style::red, "a\x1b[2Jb") + " \x1b[32my\n");
  EXPECT_EQ(pseudo.read(), "x \x1b[31ma␛[2Jb\x1b[0m ␛[32my\n");
  terminal.show(terminal.paint(Style::dim, "d") + terminal.paint(Style::cyan, "c"));
  EXPECT_EQ(pseudo.read(), "\x1b[2md\x1b[0m\x1b[36mc\x1b[0m");
}

void expect_harmless(const Ran& ran) {
  for (const std::string& text : {ran.out, ran.err}) {
    EXPECT_EQ(text, shown_text(text));
  }
}

TEST(Terminal, WhatTheJournalAndTheMemoriesHoldCannotSteerIt) {
  World world;
  world.make_bag();
  const std::string day = world.write(
      "day.jsonl",
      R"({"messages":[{"role":"user","content":"hi \u001b]0;owned\u0007 \u009b2J"},)"
      R"({"role":"assistant","content":"ho \u202egnihton\u202c \u001b[31m"}],"meta":{"time":"2026-03-02T09:00:00Z"}})");
  ASSERT_EQ(world.run({"journal", "add", day}).exit_code, 0);
  ASSERT_EQ(world.run({"memory", "add", "my cat \x1b[8mis\x1b[0m called Nabi"}).exit_code, 0);
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"journal", "show"}, {"memory", "list"}, {"memory", "review"}, {"ruminate", "--explain"}}) {
    const Ran ran = world.run(words);
    ASSERT_EQ(ran.exit_code, 0) << ran.err;
    expect_harmless(ran);
  }
  expect_harmless(world.run({"memory", "show", "\x1b[31mnobody"}));
  const Json entries = world.run({"--json", "journal", "show"}).json()["entries"];
  EXPECT_EQ(entries[0]["reply"], "ho \u202egnihton\u202c \x1b[31m");  // the data themselves stay as they are
}

TEST(Terminal, AMaskCannotSteerIt) {
  World world;
  world.make_bag();
  const std::string mask = world.write("mask.yaml", "name: \"d\\e[31mori\"\nsystem: \"be\\e[2J kind\"\n");
  const Ran ran = world.run({"chat", "--persona", mask}, "/show\n/persona " + mask + "\nhello\n");
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  expect_harmless(ran);
}

}  // namespace
}  // namespace banchu
