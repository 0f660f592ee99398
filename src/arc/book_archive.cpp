#include "arc/book_archive.h"

#include <fmt/format.h>
#include <zip.h>

#include <algorithm>

#include "arc/book.h"

namespace banchu {
namespace {

constexpr zip_int64_t kMostMembers = 20000;
constexpr std::size_t kPieceBytes = 1u << 16;
constexpr std::size_t kMostMemberBytes = 64u << 20;  // a tree of it takes ten times as much memory

Error damaged(const std::string& name, const std::string& why) {
  return make_error(Code::InvalidArgument, fmt::format("{} cannot be unpacked: {}", name, why),
                    "open it in the program that wrote it and save it again");
}

struct CloseFile {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

int hexadecimal(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hexadecimal(text[i + 1]) : -1;
    const int low = high >= 0 ? hexadecimal(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

void BookArchive::Close::operator()(zip* archive) const { zip_discard(archive); }

Result<BookArchive> BookArchive::open(std::string_view bytes, const std::string& name) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  zip_t* archive = source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY, &error);
  if (archive == nullptr) {
    const std::string why = zip_error_strerror(&error);
    zip_source_free(source);
    zip_error_fini(&error);
    return damaged(name, why);
  }
  zip_error_fini(&error);
  BookArchive opened(archive, name);
  if (zip_get_num_entries(archive, 0) > kMostMembers)
    return damaged(name, fmt::format("it holds more than {} files", kMostMembers));
  return opened;
}

bool BookArchive::has(const std::string& member) const {
  return zip_name_locate(archive_.get(), member.c_str(), 0) >= 0;
}

Result<std::string> BookArchive::read(const std::string& member) const {
  zip_stat_t stat;
  if (zip_stat(archive_.get(), member.c_str(), 0, &stat) != 0)
    return make_error(Code::NotFound, fmt::format("{} has no part \"{}\"", name_, member), "is the file whole?");
  if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && stat.encryption_method != ZIP_EM_NONE)
    return make_error(Code::Unsupported, fmt::format("{} is locked with a password", name_), "save it without one");
  const std::unique_ptr<zip_file_t, CloseFile> file(zip_fopen_index(archive_.get(), stat.index, 0));
  if (file == nullptr) return damaged(name_, zip_strerror(archive_.get()));
  std::string out;
  std::string piece(kPieceBytes, '\0');
  while (true) {
    const zip_int64_t got = zip_fread(file.get(), piece.data(), piece.size());
    if (got < 0) return damaged(name_, fmt::format("\"{}\" is damaged", member));
    if (got == 0) return out;
    unpacked_bytes_ += static_cast<std::uint64_t>(got);
    if (unpacked_bytes_ > kMostBookBytes)
      return damaged(name_, fmt::format("it unpacks to more than {} MB", kMostBookBytes >> 20));
    if (out.size() + static_cast<std::size_t>(got) > kMostMemberBytes)
      return damaged(name_, fmt::format("\"{}\" unpacks to more than {} MB", member, kMostMemberBytes >> 20));
    out.append(piece.data(), static_cast<std::size_t>(got));
  }
}

Result<std::string> member_path(const std::string& from, std::string_view reference) {
  const std::string decoded = percent_decoded(reference.substr(0, reference.find('#')));
  const auto leaves = [&] {
    return make_error(Code::InvalidArgument, fmt::format("\"{}\" names a path outside of its archive", reference),
                      "the file was made wrongly, or with bad intent; it is not read");
  };
  if (decoded.starts_with('/') || decoded.find('\\') != std::string::npos || decoded.find('\0') != std::string::npos ||
      decoded.find("://") != std::string::npos)
    return leaves();
  const std::size_t slash = from.rfind('/');
  std::string rest = (slash == std::string::npos ? "" : from.substr(0, slash + 1)) + decoded;
  std::vector<std::string> parts;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string part = rest.substr(0, end);
    rest.erase(0, std::min(end + 1, rest.size()));
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (parts.empty()) {
      return leaves();
    } else {
      parts.pop_back();
    }
  }
  return fmt::format("{}", fmt::join(parts, "/"));
}

}  // namespace banchu
