// How all long verbs show that they go on: a bar redrawn in place on a terminal, plain lines when piped, nothing with
// --quiet or --json. Writes to stderr only.
//
//   ProgressBar bar(context);
//   train(job, bar.sink(), &context.cancel);
//   bar.clear();                     // the bar is gone, the summary takes its line
#pragma once

#include <string>

#include "app/context.h"
#include "base/progress.h"

namespace banchu {

class ProgressBar {
 public:
  explicit ProgressBar(const AppContext& context) : context_(&context) {}
  ~ProgressBar() { finish(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  ProgressSink sink();  // valid while this bar lives
  void finish();        // leaves the last state on the screen and goes to the next line
  void clear();         // takes the drawn line away

 private:
  void show(const Progress& progress);
  void begin_stage(const Progress& progress);
  void draw(const Progress& progress);
  void print_step(const Progress& progress);

  const AppContext* context_;
  std::string stage_;
  double stage_began_ = 0;
  double last_drawn_ = -1;
  std::uint64_t first_done_ = 0;
  int last_tenth_ = -1;
  bool drawn_ = false;
};

// "6 m 12 s", "40 s", "1 h 05 m"; and "690 MB", "1.4 GB".
std::string format_seconds(double seconds);
std::string format_bytes(std::uint64_t bytes);

}  // namespace banchu
