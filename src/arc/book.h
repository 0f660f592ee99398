// A writer's volume, read from the file he has: plain text (UTF-8, UTF-16 or CP949), Markdown, EPUB or DOCX.
//
// Nothing is unpacked onto the disk. Threads: pure functions. Errors: NotFound, InvalidArgument (over a limit, damaged,
// unpacks to too much, a path that leaves its archive), Unsupported (protected, or a format nobody here reads).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace banchu {

inline constexpr std::uint64_t kMostBookBytes = 256u << 20;  // of the file, and of everything in it unpacked

struct BookScene {
  std::vector<std::string> paragraphs;  // no empty ones
};

struct BookChapter {
  std::string title;  // "" where the book gives none
  std::vector<BookScene> scenes;
};

struct Book {
  std::string title;   // its own, else the file's name
  std::string format;  // "text", "markdown", "epub", "docx"
  std::vector<BookChapter> chapters;
  std::vector<std::string> notes;  // what was guessed or left out: "read as CP949"
  std::string digest;              // SHA-256 of the file
};

Result<Book> read_book(const std::filesystem::path& path);
// `name` decides between plain text and Markdown, and stands in messages; archives are known by their bytes.
Result<Book> parse_book(std::string_view bytes, const std::string& name);

}  // namespace banchu
