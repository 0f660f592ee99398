#include "tests/house/house.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>

namespace banchu::house {
namespace {

using Words = std::vector<std::string_view>;

constexpr long kLongestFileLines = 400;

struct Room {
  std::string_view name;
  Words rooms;      // every header of these
  Words handovers;  // and, of rooms upstream, only these
};

const Words kHandovers = {"chat/turn.h",       "chat/prompt.h",     "journal/entry.h", "arc/reading.h",
                          "ruminate/lesson.h", "ruminate/memory.h", "train/adapter.h", "evaluate/report.h"};

const std::vector<Room> kRooms = {
    {"base", {}, {}},
    {"bag", {"base"}, {}},
    {"model", {"base"}, {}},
    {"chat", {"base", "model"}, {}},
    {"journal", {"base", "bag"}, {"chat/turn.h"}},
    {"arc", {"base", "model"}, {}},
    {"ruminate", {"base", "bag", "model"}, {"chat/prompt.h", "journal/entry.h", "arc/reading.h"}},
    {"train", {"base", "bag", "model"}, {"ruminate/lesson.h", "ruminate/memory.h"}},
    {"evaluate",
     {"base", "bag", "model"},
     {"chat/prompt.h", "ruminate/lesson.h", "ruminate/memory.h", "train/adapter.h", "arc/reading.h"}},
    {"promote", {"base", "bag"}, {"train/adapter.h", "evaluate/report.h"}},
    {"study", {"base", "bag"}, {"ruminate/lesson.h", "ruminate/memory.h", "evaluate/report.h"}},
    {"plan", {"base"}, {"model/gguf_file.h"}},
    {"exchange", {"base", "bag", "model"}, kHandovers},
    {"serve", {"base", "model"}, {"chat/turn.h"}},  // and every door
    {"app",
     {"base", "bag", "model", "chat", "journal", "arc", "ruminate", "train", "evaluate", "promote", "study", "plan",
      "exchange", "serve"},
     {}},
};

// One doorkeeper per foreign library. A pattern that ends in '*' matches every longer path.
struct Library {
  std::string_view pattern;
  Words rooms;
};
const std::vector<Library> kLibraries = {
    {"sqlite3.h", {"bag"}},        {"llama*", {"model"}},
    {"jinja/*", {"model"}},        {"common/*", {"model"}},
    {"ggml*", {"model", "train"}}, {"gguf.h", {"model", "train"}},
    {"dnnl*", {"train"}},          {"oneapi/dnnl/*", {"train"}},
    {"omp.h", {"train"}},          {"yaml-cpp/*", {"base"}},
    {"sodium*", {"base"}},         {"utf8proc.h", {"base"}},
    {"nlohmann/*", {"base"}},      {"httplib.h", {"base", "serve"}},
    {"kiwi/*", {"arc"}},           {"CLI/*", {"app"}},
    {"histedit.h", {"app"}},       {"editline/*", {"app"}},
    {"Eigen/*", {"exchange"}},     {"zip.h", {"arc"}},
    {"pugixml.hpp", {"arc"}},      {"librsvg/*", {"arc"}},
    {"cairo.h", {"arc"}},          {"fontconfig/*", {"arc"}},
    {"iconv.h", {"base"}},         {"netdb.h", {"base"}},
    {"netinet/*", {"base"}},       {"arpa/*", {"base"}},
};

// The system's own C headers, and fmt, stand open to every room; so do the generated embedded/ headers.
const Words kOpenToAll = {"fmt/*",   "embedded/*", "sys/*",       "netinet/*", "linux/*",    "unistd.h",
                          "fcntl.h", "signal.h",   "poll.h",      "termios.h", "langinfo.h", "dlfcn.h",
                          "sched.h", "pthread.h",  "immintrin.h", "malloc.h",  "dirent.h",   "spawn.h",
                          "pwd.h",   "locale.h",   "limits.h",    "time.h",    "wchar.h"};

bool matches(std::string_view path, std::string_view pattern) {
  return pattern.ends_with('*') ? path.starts_with(pattern.substr(0, pattern.size() - 1)) : path == pattern;
}

bool contains(const Words& words, std::string_view word) { return std::ranges::find(words, word) != words.end(); }

const Room* find_room(std::string_view name) {
  const auto found = std::ranges::find(kRooms, name, &Room::name);
  return found == kRooms.end() ? nullptr : &*found;
}

std::string list(const Words& words) {
  std::string text;
  for (const auto word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

std::string judge_foreign(std::string_view room, const Include& include) {
  const std::string_view path = include.path;
  if (include.angled && path.find_first_of("./") == std::string_view::npos) return "";  // the standard library
  for (const auto open : kOpenToAll) {
    if (matches(path, open)) return "";
  }
  for (const auto& library : kLibraries) {
    if (matches(path, library.pattern)) {
      return contains(library.rooms, room) ? "" : "only " + list(library.rooms) + " may include this library";
    }
  }
  return "neither a room's header nor a library with a doorkeeper (see kLibraries)";
}

std::string judge_between(const Room& from, const Room& to, std::string_view path) {
  if (from.name == to.name || contains(from.rooms, to.name) || contains(from.handovers, path)) return "";
  if (to.name == "app") return "nobody includes app";
  const bool is_door = path == std::string(to.name) + "/" + std::string(to.name) + ".h";
  if (is_door && from.name == "serve") return "";
  if (&to > &from)
    return "points the wrong way: data flows from " + std::string(from.name) + " to " + std::string(to.name);
  if (is_door) return "a door; only serve and app include doors of other rooms";
  return "not a header that this room is handed; allowed are " + list(from.handovers);
}

}  // namespace

std::vector<Include> includes_of(std::string_view text) {
  static const std::regex block_comment(R"(/\*[\s\S]*?\*/)");
  static const std::regex line(R"re((^|\n)[ \t]*#[ \t]*include[ \t]*(["<])([^">\n]+)[">])re");
  const std::string source = std::regex_replace(std::string(text), block_comment, "");
  std::vector<Include> found;
  for (auto match = std::sregex_iterator(source.begin(), source.end(), line); match != std::sregex_iterator();
       ++match) {
    found.push_back({(*match)[3].str(), (*match)[2].str() == "<"});
  }
  return found;
}

std::string judge_include(std::string_view room, const Include& include) {
  const Room* from = find_room(room);
  if (from == nullptr) return "src/" + std::string(room) + " is not a room of the plan";
  const Room* to = find_room(std::string_view(include.path).substr(0, include.path.find('/')));
  if (to == nullptr || include.path.find('/') == std::string::npos) return judge_foreign(room, include);
  if (include.angled) return "a room's header is included with quotes";
  return judge_between(*from, *to, include.path);
}

std::vector<std::string> judge_file(const std::filesystem::path& path, std::string_view text) {
  std::vector<std::string> complaints;
  const auto lines = std::ranges::count(text, '\n');
  if (lines >= kLongestFileLines)
    complaints.push_back(path.string() + ": " + std::to_string(lines) + " lines; split it");
  if (path.extension() != ".h") return complaints;
  if (text.find("\n#pragma once\n") == std::string_view::npos)
    complaints.push_back(path.string() + ": no #pragma once");
  if (!text.starts_with("// "))
    complaints.push_back(path.string() + ": a header begins with a comment that says its purpose");
  return complaints;
}

std::vector<std::string> judge_tree(const std::filesystem::path& src) {
  std::vector<std::string> complaints;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(src)) {
    const auto extension = entry.path().extension();
    if (!entry.is_regular_file() || (extension != ".h" && extension != ".cpp")) continue;
    const auto path = entry.path().lexically_relative(src);
    std::ifstream file(entry.path());
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    std::ranges::move(judge_file(path, text), std::back_inserter(complaints));
    for (const auto& include : includes_of(text)) {
      const auto wrong = judge_include(path.begin()->string(), include);
      if (!wrong.empty()) complaints.push_back(path.string() + " includes " + include.path + ": " + wrong);
    }
  }
  std::ranges::sort(complaints);
  return complaints;
}

}  // namespace banchu::house
