// arc golden make: from a writer's books to his golden set, episode by episode.
#include <fmt/format.h>

#include <algorithm>

#include "app/arc_open.h"
#include "app/line_editor.h"
#include "app/progress_bar.h"
#include "app/verbs.h"
#include "arc/series_desk.h"
#include "base/file.h"

namespace banchu {
namespace {

struct MakeFlags {
  ArcDials dials;
  std::vector<std::string> books;
  std::string out;
  std::string dataset;
  std::string page;
  SeriesAuthor author;
  bool accepts_all = false;
};

Result<std::vector<Book>> read_books(const AppContext& context, const std::vector<std::string>& paths) {
  std::vector<Book> books;
  for (const std::string& path : paths) {
    BANCHU_TRY(Book book, read_book(path));
    context.note(context.said("{}: {}, {} chapters", book.title, book.format, book.chapters.size()));
    for (const std::string& note : book.notes) context.note("  " + translated(note, context.language));
    books.push_back(std::move(book));
  }
  return books;
}

// Rows of an earlier evening stay, but for those that were made anew.
Result<std::string> with_earlier_rows(const MakeFlags& flags, const std::vector<GoldenStory>& stories) {
  std::string text;
  std::error_code failed;
  if (std::filesystem::exists(flags.out, failed)) {
    BANCHU_TRY(const GoldenSet earlier, load_golden(flags.out));
    for (const GoldenStory& story : earlier.stories) {
      const auto is_same = [&](const GoldenStory& other) { return other.episode.id == story.episode.id; };
      if (std::ranges::none_of(stories, is_same)) text += golden_line(story);
    }
  }
  for (const GoldenStory& story : stories) text += golden_line(story);
  return text;
}

Status save(const MakeFlags& flags, const SeriesDesk& desk) {
  const std::vector<GoldenStory> stories = desk.accepted();
  if (stories.empty()) return {};
  BANCHU_TRY(const std::string text, with_earlier_rows(flags, stories));
  return write_file_atomic(flags.out, text);
}

// Each accepted episode is on disk before the next question.
Status walk(AppContext& context, const MakeFlags& flags, SeriesDesk& desk) {
  LineEditor editor(context);
  bool is_over = desk.is_over();
  while (!is_over) {
    for (const std::string& line : desk.shown(context.out.columns())) context.print(line);
    const std::optional<std::string> said = editor.read(desk.prompt());
    if (!said) break;
    const SeriesDesk::Answer answer = desk.hear(*said);
    for (const std::string& line : answer.lines) context.print(line);
    if (answer.has_accepted) BANCHU_TRY_STATUS(save(flags, desk));
    is_over = answer.is_over;
  }
  return {};
}

std::string page_title(const AppContext& context, const BookSeries& series) {
  if (series.books.size() == 1) return series.books.front().title;
  return context.said("{} and {} more", series.books.front().title, series.books.size() - 1);
}

Status write_extras(const AppContext& context, const MakeFlags& flags, const BookSeries& series) {
  if (!flags.dataset.empty()) BANCHU_TRY_STATUS(write_file_atomic(flags.dataset, series_dataset(series)));
  if (flags.page.empty()) return {};
  return write_picture(context, flags.page, [&](bool can_draw_hangul) {
    return series_svg(series, page_title(context, series), context.language == Language::ko, can_draw_hangul);
  });
}

Status resume(const AppContext& context, const MakeFlags& flags, BookSeries& series) {
  std::error_code failed;
  if (!std::filesystem::exists(flags.out, failed)) return {};
  BANCHU_TRY(const GoldenSet earlier, load_golden(flags.out));
  const std::size_t found = resume_series(series, earlier);
  if (found > 0) context.note(context.said("{} episodes are already in {}", found, flags.out));
  return {};
}

Result<int> run_make(AppContext& context, const MakeFlags& flags) {
  BANCHU_TRY(const std::vector<Book> books, read_books(context, flags.books));
  ArcOptions options = arc_options(context, flags.dials);
  options.with_interval = false;
  const MeasureEpisode measure = [&](std::span<const ArcTurn> units) { return score_units(units, options); };
  ProgressBar bar(context);
  BANCHU_TRY(BookSeries series, find_series(books, measure, &context.cancel, bar.sink()));
  bar.clear();
  BANCHU_TRY_STATUS(resume(context, flags, series));
  for (const std::string& note : series.notes) context.note(translated(note, context.language));
  SeriesDesk desk(series, measure, flags.author, context.language == Language::ko);
  if (flags.accepts_all) {
    desk.accept_all();
    BANCHU_TRY_STATUS(save(flags, desk));
  } else if (!context.options.json) {
    BANCHU_TRY_STATUS(walk(context, flags, desk));
  }
  BANCHU_TRY_STATUS(write_extras(context, flags, series));
  const std::size_t accepted = desk.accepted().size();
  context.say("{} of {} episodes in {}", accepted, series.episodes.size(), flags.out);
  context.answer({{"golden", flags.out},
                  {"books", series.books.size()},
                  {"episodes", series.episodes.size()},
                  {"accepted", accepted},
                  {"notes", series.notes}});
  return 0;
}

}  // namespace

void add_arc_golden_make_verb(CLI::App& golden, AppContext& context) {
  auto flags = std::make_shared<MakeFlags>();
  CLI::App* make = add_verb(golden, "make", "Makes your own golden set from your books",
                            "banchu arc golden make vol1.epub vol2.docx -o mine.jsonl");
  make->add_option("BOOK", flags->books, "Text (UTF-8 or CP949), Markdown, EPUB or DOCX")->required();
  make->add_option("-o,--out", flags->out, "The golden set")->required()->type_name("FILE");
  make->add_option("--dataset", flags->dataset, "The annotated text as JSON Lines")->type_name("FILE");
  make->add_option("--page", flags->page, "The whole series on one page, .svg or .png")->type_name("FILE");
  make->add_option("--author", flags->author.author, "Stands in every row");
  make->add_option("--licence", flags->author.licence, "Stands in every row")->capture_default_str();
  make->add_flag("--yes", flags->accepts_all, "Accepts every episode as the engine reads it, without questions");
  make->add_option("--gamma", flags->dials.gamma, "Weight of the story's inertia, 0 to 8")->capture_default_str();
  make->add_option("--tau", flags->dials.tau, "How prominent a peak must be, 0.05 to 5")->capture_default_str();
  on_run(make, context, [&context, flags] { return run_make(context, *flags); });
}

}  // namespace banchu
