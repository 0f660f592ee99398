// Archives for tests, made with libzip: what an EPUB or a DOCX is made of, and what it should not be made of.
#pragma once

#include <zip.h>

#include <string>
#include <utility>
#include <vector>

namespace banchu {

using Members = std::vector<std::pair<std::string, std::string>>;

inline std::string make_zip(const Members& members) {
  zip_source_t* source = zip_source_buffer_create(nullptr, 0, 0, nullptr);
  zip_source_keep(source);
  zip_t* archive = zip_open_from_source(source, ZIP_TRUNCATE, nullptr);
  for (const auto& [name, bytes] : members) {
    zip_source_t* member = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
    zip_file_add(archive, name.c_str(), member, ZIP_FL_ENC_UTF_8);
  }
  zip_close(archive);
  std::string out;
  zip_source_open(source);
  char piece[4096];
  for (zip_int64_t got; (got = zip_source_read(source, piece, sizeof piece)) > 0;)
    out.append(piece, static_cast<std::size_t>(got));
  zip_source_close(source);
  zip_source_free(source);
  return out;
}

inline Members epub_members(const std::vector<std::string>& pages) {
  std::string items, spine;
  Members members = {{"mimetype", "application/epub+zip"},
                     {"META-INF/container.xml",
                      R"(<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">)"
                      R"(<rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>)"}};
  for (std::size_t i = 0; i < pages.size(); ++i) {
    const std::string n = std::to_string(i);
    items += "<item id=\"p" + n + "\" href=\"text/page%20" + n + ".xhtml\"/>";
    spine += "<itemref idref=\"p" + n + "\"/>";
    members.emplace_back("OEBPS/text/page " + n + ".xhtml",
                         "<?xml version=\"1.0\" encoding=\"utf-8\"?><!DOCTYPE html>"
                         "<html><head><title>page</title></head><body>" +
                             pages[i] + "</body></html>");
  }
  members.emplace_back("OEBPS/book.opf",
                       "<package xmlns:dc=\"d\"><metadata><dc:title>바다의 책</dc:title></metadata>"
                       "<manifest>" +
                           items + "</manifest><spine>" + spine + "</spine></package>");
  return members;
}

inline std::string make_epub(const std::vector<std::string>& pages) { return make_zip(epub_members(pages)); }

inline std::string make_docx(const std::string& body) {
  return make_zip({{"word/styles.xml", R"(<w:styles xmlns:w="w"><w:style w:styleId="a3"><w:name w:val="Title"/>)"
                                       R"(</w:style><w:style w:styleId="1"><w:name w:val="heading 1"/></w:style>)"
                                       R"(</w:styles>)"},
                   {"word/document.xml", "<w:document xmlns:w=\"w\"><w:body>" + body + "</w:body></w:document>"}});
}

}  // namespace banchu
