// Private to arc/: reads one unit's bytes into words and marks, for Discourse.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "arc/discourse.h"

namespace banchu {

// One word of a unit with what stood around it.
struct ReadWord {
  std::uint32_t id = 0;
  bool capital = false;      // written with a capital first letter
  bool after_mark = false;   // the first word, or one behind a mark that ends or opens something
  bool before_stop = false;  // a comma or another mark stands behind it
};

// The words and marks of one unit.
struct ReadUnit {
  std::vector<ReadWord> words;
  QuoteState quotes;
  int exclamations = 0;
  bool question = false;
  bool starts_in_quote = false;  // its first character opens speech
  bool ends_with_quote = false;
  bool ends_with_comma_or_colon = false;
};

class UnitReader {
 public:
  explicit UnitReader(Discourse& discourse) : discourse_(discourse) {}
  // Reads the unit and appends it to the discourse.
  void read(std::string_view text);

 private:
  void read_words(std::string_view text);
  std::size_t read_ascii_word(std::string_view text, std::size_t at);
  std::size_t read_wide(std::string_view text, std::size_t at);
  void mark(char c, std::string_view text, std::size_t at);
  void quote(bool opens);
  void push_word(std::string_view lower, bool hangul, bool capital);
  void find_mentions(DiscourseUnit& unit);
  bool names_next(std::size_t at) const;
  void find_english_mentions(std::size_t at);
  void find_persons(DiscourseUnit& unit) const;
  void find_contents(DiscourseUnit& unit);
  void finish(DiscourseUnit& unit);
  std::uint64_t shape_of(const DiscourseUnit& unit) const;
  const VocabularyWord& known(std::size_t i) const { return discourse_.vocabulary_.word(read_.words[i].id); }

  Discourse& discourse_;
  ReadUnit read_;
  bool open_quote_ = false;
  bool after_mark_ = true;
  std::string lower_;
  std::vector<std::uint32_t> ids_;
};

}  // namespace banchu
