#include "app/progress_bar.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/clock.h"

namespace banchu {
namespace {

constexpr double kRedrawSeconds = 0.1;
constexpr std::size_t kStageColumns = 15;
constexpr std::size_t kBarColumns = 23;

double share(const Progress& progress) {
  if (progress.total == 0) return 0;
  return std::min(1.0, static_cast<double>(progress.done) / static_cast<double>(progress.total));
}

std::string bar(double share) {
  const auto full = static_cast<std::size_t>(std::lround(share * kBarColumns));
  std::string drawn;
  for (std::size_t i = 0; i < kBarColumns; ++i) drawn += i < full ? "█" : "░";
  return drawn;
}

// "step 22/30   1.4 step/s   loss 0.31   1 m 40 s left"; rate and time left once something was measured.
std::string facts(const AppContext& context, const Progress& progress, double elapsed, std::uint64_t first_done) {
  const std::string unit = context.named(progress.unit);
  std::string text = progress.total > 0 ? fmt::format("{} {}/{}", unit, progress.done, progress.total)
                                        : fmt::format("{} {}", unit, progress.done);
  const double made = static_cast<double>(progress.done - std::min(first_done, progress.done));
  const double rate = elapsed > 0.2 ? made / elapsed : 0;
  if (rate > 0) text += "   " + context.said("{:.1f} {}/s", rate, unit);
  if (!progress.detail.empty()) text += "   " + translated(progress.detail, context.language);
  if (rate > 0 && progress.total > progress.done) {
    text += "   " + context.said("{} left", format_seconds(static_cast<double>(progress.total - progress.done) / rate));
  }
  return text;
}

// Cut to the width of the window, so that redrawing in place never wraps.
std::string fit(std::string text, std::size_t columns) {
  while (!text.empty() && display_width(text) >= columns) {
    do text.pop_back();
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80);
  }
  return text;
}

}  // namespace

ProgressSink ProgressBar::sink() {
  return [this](const Progress& progress) { show(progress); };
}

void ProgressBar::show(const Progress& progress) {
  if (context_->options.quiet || context_->options.json) return;
  if (progress.stage != stage_) begin_stage(progress);
  if (context_->err.is_terminal()) {
    draw(progress);
  } else {
    print_step(progress);
  }
}

void ProgressBar::begin_stage(const Progress& progress) {
  finish();
  stage_ = progress.stage;
  stage_began_ = steady_seconds();
  first_done_ = progress.done;
  last_drawn_ = -1;
  last_tenth_ = -1;
}

void ProgressBar::draw(const Progress& progress) {
  const double time = steady_seconds();
  const bool is_last = progress.total > 0 && progress.done >= progress.total;
  if (last_drawn_ >= 0 && time - last_drawn_ < kRedrawSeconds && !is_last) return;
  last_drawn_ = time;
  drawn_ = true;
  const std::string head = pad_to(context_->named(progress.stage), kStageColumns);
  const std::string drawn_bar = progress.total > 0 ? bar(share(progress)) + "  " : "";
  const std::string text = facts(*context_, progress, time - stage_began_, first_done_);
  context_->err.write("\r\x1b[K" + fit(head + drawn_bar + text, context_->err.columns()));
}

void ProgressBar::print_step(const Progress& progress) {
  const int tenth = progress.total > 0 ? static_cast<int>(share(progress) * 10) : 0;
  if (tenth == last_tenth_) return;
  last_tenth_ = tenth;
  const std::string text = facts(*context_, progress, steady_seconds() - stage_began_, first_done_);
  context_->err.show(fmt::format("{}{}\n", pad_to(context_->named(progress.stage), kStageColumns), text));
}

void ProgressBar::finish() {
  if (drawn_) context_->err.write("\n");
  drawn_ = false;
  stage_.clear();
}

void ProgressBar::clear() {
  if (drawn_) context_->err.write("\r\x1b[K");
  drawn_ = false;
  stage_.clear();
}

std::string format_seconds(double seconds) {
  const auto whole = static_cast<long long>(std::ceil(std::max(0.0, seconds)));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} m {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} m", whole / 3600, whole % 3600 / 60);
}

std::string format_bytes(std::uint64_t bytes) {
  constexpr double kMega = 1e6;
  const auto size = static_cast<double>(bytes);
  if (size >= 1e9) return fmt::format("{:.1f} GB", size / 1e9);
  if (size >= kMega) return fmt::format("{:.0f} MB", size / kMega);
  return fmt::format("{:.0f} kB", std::ceil(size / 1e3));
}

}  // namespace banchu
