#include "arc/book.h"

#include <fmt/format.h>

#include "arc/book_archive.h"
#include "arc/book_block.h"
#include "base/digest.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/text.h"

namespace banchu {
namespace {

Result<BookBlocks> read_archive(std::string_view bytes, const std::string& name, std::string& format) {
  BANCHU_TRY(const BookArchive archive, BookArchive::open(bytes, name));
  if (archive.has("word/document.xml")) {
    format = "docx";
    return read_docx(bytes, name);
  }
  if (archive.has("META-INF/container.xml")) {
    format = "epub";
    return read_epub(bytes, name);
  }
  return make_error(Code::Unsupported, fmt::format("{} is a zip archive, but neither an EPUB nor a DOCX", name),
                    "known are: text, Markdown, EPUB, DOCX");
}

Result<BookBlocks> read_text(std::string_view bytes, const std::string& name, std::string& format) {
  std::vector<std::string> notes;
  BANCHU_TRY(const std::string text, decode_text(bytes, name, notes));
  const std::string extension = std::filesystem::path(name).extension().string();
  const bool is_markdown = extension == ".md" || extension == ".markdown";
  format = is_markdown ? "markdown" : "text";
  BANCHU_TRY(BookBlocks blocks, is_markdown ? read_markdown(text) : read_plain_text(text));
  blocks.notes.insert(blocks.notes.begin(), notes.begin(), notes.end());
  return blocks;
}

// What people try first, by its first bytes.
Status check_readable(std::string_view bytes, const std::string& name) {
  if (bytes.size() > kMostBookBytes)
    return make_error(Code::InvalidArgument, fmt::format("{} is larger than {} MB", name, kMostBookBytes >> 20),
                      "give the volumes as files of their own");
  const auto unsupported = [&](const char* what, const char* hint) {
    return make_error(Code::Unsupported, fmt::format("{} is {}, which is not read here", name, what), hint);
  };
  if (bytes.starts_with("%PDF"))
    return unsupported("a PDF", "a PDF holds pages, not sentences; export it as EPUB, DOCX or text");
  if (bytes.starts_with("\xD0\xCF\x11\xE0"))
    return unsupported("an old .doc or .hwp file", "save it as DOCX, EPUB or text");
  if (bytes.starts_with("{\\rtf")) return unsupported("an RTF file", "save it as DOCX or text");
  return {};
}

}  // namespace

Result<Book> parse_book(std::string_view bytes, const std::string& name) {
  BANCHU_TRY_STATUS(check_readable(bytes, name));
  Book book;
  const bool is_zip = bytes.starts_with("PK\x03\x04") || bytes.starts_with("PK\x05\x06");
  BANCHU_TRY(BookBlocks blocks, is_zip ? read_archive(bytes, name, book.format) : read_text(bytes, name, book.format));
  book.chapters = chapters_of(blocks.blocks);
  if (book.chapters.empty())
    return make_error(Code::InvalidArgument, fmt::format("there is no text in {}", name), "is it the right file?");
  book.title = blocks.title.empty() ? std::filesystem::path(name).stem().string() : std::move(blocks.title);
  book.notes = std::move(blocks.notes);
  book.digest = sha256(bytes);
  return book;
}

Result<Book> read_book(const std::filesystem::path& path) {
  BANCHU_TRY(const std::string bytes, read_file(path, kMostBookBytes));
  return parse_book(bytes, path.filename().string());
}

}  // namespace banchu
