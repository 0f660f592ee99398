// The desk at which a writer goes through his episodes: one command a line, an answer in lines. It reads no terminal
// and writes none, so that a test can sit at it as well.
//
//   accept | skip | back | split N | merge | label WORD | title TEXT | phase A-B NAME | feel N V | show [A-B] | list |
//   quit 받기  | 넘김 | 뒤로 | 나누기 N | 합치기 | 모양 말 | 제목 글 | 국면 A-B 이름 | 감정 N V | 보기 [A-B] | 목록 |
//   끝
// Sentences count from 1. Threads: one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "arc/series.h"

namespace banchu {

class SeriesDesk {
 public:
  struct Answer {
    std::vector<std::string> lines;
    bool has_accepted = false;  // the golden set has grown: time to save
    bool is_over = false;
  };

  // `series` outlives the desk.
  SeriesDesk(BookSeries& series, MeasureEpisode measure, SeriesAuthor author, bool in_korean)
      : series_(series), measure_(std::move(measure)), author_(std::move(author)), korean_(in_korean) {
    seek(0);
  }

  bool is_over() const { return at_ >= series_.episodes.size(); }
  // The episode on the desk: its arc, its proposed phases, its score; `columns` wide.
  std::vector<std::string> shown(std::size_t columns) const;
  std::string prompt() const;
  // A broken command is answered with what was expected; it never ends the work.
  Answer hear(std::string_view line);

  std::vector<GoldenStory> accepted() const;
  // Accepts whatever is still open and passes the golden format's rules; answers how many did.
  std::size_t accept_all();

 private:
  struct Command;
  using Lines = std::vector<std::string>;

  void seek(std::size_t from);  // the next open episode, from `from` on
  Answer run(const Command& command);
  Lines accept(Answer& answer);
  Lines split(std::string_view rest);
  Lines merge();
  Lines set_phase(std::string_view rest);
  Lines set_feeling(std::string_view rest);
  Lines show(std::string_view rest) const;
  Lines list() const;
  Lines back();
  Lines help() const;
  std::string say(std::string_view english, std::string_view korean) const {
    return std::string(korean_ ? korean : english);
  }
  SeriesEpisode& current() { return series_.episodes[at_]; }
  const SeriesEpisode& current() const { return series_.episodes[at_]; }

  BookSeries& series_;
  MeasureEpisode measure_;
  SeriesAuthor author_;
  bool korean_;
  std::size_t at_ = 0;
};

}  // namespace banchu
