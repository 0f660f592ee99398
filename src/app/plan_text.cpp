#include "app/plan_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/progress_bar.h"
#include "train/memory.h"

namespace banchu {
namespace {

constexpr std::size_t kNameColumns = 10;
constexpr std::size_t kBytesColumns = 10;
constexpr double kGiga = 1e9;

PlanFit fit_on(const PlanAnswer& answer, const plan::ChatNeed& need, const plan::Gpu& gpu) {
  PlanFit fit{gpu.name, plan::devices_needed(answer.shape, need, gpu.bytes()), false, 0, {}, 0};
  fit.fits = fit.count > 0;
  if (!fit.fits) return fit;
  fit.at_most_tokens_per_second = gpu.gb_s * kGiga / static_cast<double>(need.weights + need.kv);
  const double volume = static_cast<double>(need.weights) / kGiga * 2;  // the model, and as much for the bag
  const plan::MonthUse use{fit.count, answer.question.hours_a_day, 0, volume};
  fit.rented = plan::rented_month(answer.prices, gpu, use);
  fit.bought = plan::bought_month(answer.prices, gpu, use);
  return fit;
}

PlanRow make_row(const PlanAnswer& answer, const std::string& name, const plan::ChatNeed& need,
                 const std::vector<plan::Gpu>& gpus) {
  PlanRow row{name, need, {}, need.total() <= answer.memory_here};
  for (const plan::Gpu& gpu : gpus) row.fits.push_back(fit_on(answer, need, gpu));
  return row;
}

Status add_rows(PlanAnswer& answer, const std::vector<plan::Gpu>& gpus) {
  const PlanQuestion& question = answer.question;
  const std::int64_t context = question.context_tokens;
  if (!question.quantisation.empty()) {
    BANCHU_TRY(const plan::Quantisation only, plan::find_quantisation(question.quantisation));
    answer.rows.push_back(make_row(answer, std::string(only.name), plan::chat_need(answer.shape, only, context), gpus));
    return {};
  }
  if (answer.shape.file_bytes > 0) {
    answer.rows.push_back(make_row(answer, "file", plan::chat_need(answer.shape, context), gpus));
  }
  for (const plan::Quantisation& each : plan::quantisations()) {
    if (each.name == "q4_k_m" && answer.shape.file_bytes == 0) answer.chosen = answer.rows.size();
    answer.rows.push_back(make_row(answer, std::string(each.name), plan::chat_need(answer.shape, each, context), gpus));
  }
  return {};
}

std::string bytes_cell(std::uint64_t bytes) {
  const std::string text = format_bytes(bytes);
  return std::string(kBytesColumns > text.size() ? kBytesColumns - text.size() : 0, ' ') + text;
}

std::string money(const plan::Prices& prices, double dollars) {
  const auto whole = static_cast<long long>(std::llround(dollars * prices.per_dollar));
  std::string digits = std::to_string(whole);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits + " " + prices.currency;
}

Json need_to_json(const plan::ChatNeed& need) {
  return {{"weights_bytes", need.weights},
          {"kv_bytes", need.kv},
          {"workspace_bytes", need.workspace + need.repacked},
          {"total_bytes", need.total()}};
}

Json fits_to_json(const PlanAnswer& answer, const PlanRow& row) {
  Json list = Json::array();
  for (const PlanFit& fit : row.fits) {
    list.push_back({{"gpu", fit.gpu},
                    {"count", fit.count},
                    {"fits", fit.fits},
                    {"tokens_per_second_at_most", fit.at_most_tokens_per_second},
                    {"month_rented", fit.rented.total() * answer.prices.per_dollar},
                    {"month_bought", fit.bought * answer.prices.per_dollar}});
  }
  list.push_back({{"gpu", "this machine"}, {"count", 1}, {"fits", row.fits_here}});
  return list;
}

Json night_to_json(const PlanAnswer& answer) {
  const NightNeed& night = answer.night;
  return {{"least_bytes", night.least},
          {"comfortable_bytes", night.comfortable},
          {"expected_bytes", night.expected > 0 ? Json(night.expected) : Json()},
          {"fits", night.expected > 0},
          {"adapter_parameters", night.parameters},
          {"flops_per_token", night.flops_per_token},
          {"tokens", answer.question.night_tokens}};
}

// "2 x RTX 4090" where it fits, by device.
void add_chat_lines(const AppContext& context, const PlanAnswer& answer, std::vector<std::string>& lines) {
  lines.push_back(context.said("talking, with {} tokens in sight", answer.question.context_tokens));
  std::string head = "  " + pad_to("", kNameColumns);
  for (const char* name : {"weights", "kv", "workspace", "total"}) {
    const std::string shown = context.named(name);
    head += std::string(kBytesColumns - std::min(kBytesColumns, display_width(shown)), ' ') + shown;
  }
  lines.push_back(head + "   " + context.said("this machine"));
  for (const PlanRow& row : answer.rows) {
    lines.push_back("  " + pad_to(context.named(row.quantisation), kNameColumns) + bytes_cell(row.need.weights) +
                    bytes_cell(row.need.kv) + bytes_cell(row.need.workspace + row.need.repacked) +
                    bytes_cell(row.need.total()) + "   " +
                    (row.fits_here ? context.said("fits") : context.said("does not fit")));
  }
}

void add_device_lines(const AppContext& context, const PlanAnswer& answer, std::vector<std::string>& lines) {
  const PlanRow& row = answer.rows[answer.chosen];
  lines.push_back(context.said("devices for {}, {} hours a day; a month rented, or bought and worn out",
                               context.named(row.quantisation), answer.question.hours_a_day));
  for (const PlanFit& fit : row.fits) {
    const std::string name = "  " + pad_to(fit.fits ? fmt::format("{} x {}", fit.count, fit.gpu) : fit.gpu, 18);
    if (!fit.fits) {
      lines.push_back(name + context.said("not even one layer fits"));
      continue;
    }
    lines.push_back(name + context.said("{} rented   {} bought   at most {:.0f} tok/s",
                                        money(answer.prices, fit.rented.total()), money(answer.prices, fit.bought),
                                        fit.at_most_tokens_per_second));
  }
  lines.push_back("  " + context.said("prices are an example; yours: banchu plan --write-prices FILE"));
}

void add_night_lines(const AppContext& context, const PlanAnswer& answer, std::vector<std::string>& lines) {
  const NightNeed& night = answer.night;
  const NightSize& size = answer.question.night;
  lines.push_back(context.said("a night on this machine's processor: rank {}, {} rows of {} tokens", size.rank,
                               size.rows, size.row_tokens));
  lines.push_back("  " + context.said("at least {}, and {} when nothing is computed twice", format_bytes(night.least),
                                      format_bytes(night.comfortable)));
  lines.push_back("  " + (night.expected > 0
                              ? context.said("here, with {} free: fits, and would take {}",
                                             format_bytes(answer.memory_here), format_bytes(night.expected))
                              : context.said("here, with {} free: does not fit; fewer rows or shorter ones need less",
                                             format_bytes(answer.memory_here))));
  if (answer.night_seconds) {
    lines.push_back("  " + context.said("{:.0f} tokens: about {}, by {:.0f} GFLOP/s measured with {} on {}",
                                        answer.question.night_tokens, format_seconds(*answer.night_seconds),
                                        answer.rate->gflops, answer.rate->model, answer.rate->time));
  } else {
    lines.push_back("  " + context.said("time: not measured on this machine yet; `banchu plan --measure` does it"));
  }
}

}  // namespace

Result<PlanAnswer> make_plan(const plan::Shape& shape, const plan::Prices& prices, const PlanQuestion& question) {
  PlanAnswer answer;
  answer.question = question;
  answer.shape = shape;
  answer.prices = prices;
  answer.memory_here = lora::available_memory_bytes();
  std::vector<plan::Gpu> gpus = prices.gpus;
  if (!question.gpu.empty()) {
    BANCHU_TRY(plan::Gpu only, plan::find_gpu(prices, question.gpu));
    gpus = {std::move(only)};
  }
  BANCHU_TRY_STATUS(add_rows(answer, gpus));
  BANCHU_TRY(answer.night, night_need(shape, question.night));
  answer.rate = known_rate();
  if (answer.rate) {
    answer.night_seconds = question.night_tokens * answer.night.flops_per_token / (answer.rate->gflops * kGiga);
  }
  return answer;
}

Json plan_to_json(const PlanAnswer& answer) {
  const PlanRow& row = answer.rows[answer.chosen];
  const bool trains = answer.question.purpose == "train";
  Json table = Json::array();
  for (const PlanRow& each : answer.rows) {
    Json line = {{"quantisation", each.quantisation}};
    line.update(need_to_json(each.need));
    line["fits"] = fits_to_json(answer, each);
    table.push_back(std::move(line));
  }
  const PlanFit* first = row.fits.empty() ? nullptr : &row.fits.front();
  const double local = answer.prices.per_dollar;
  return {{"name", answer.shape.name},
          {"weights", answer.shape.weights()},
          {"quantisation", row.quantisation},
          {"context_tokens", answer.question.context_tokens},
          {"weights_bytes", row.need.weights},
          {"kv_bytes", row.need.kv},
          {"workspace_bytes", row.need.workspace + row.need.repacked},
          {"activations_bytes", answer.night.activations},
          {"optimizer_bytes", answer.night.optimiser},
          {"total_bytes", trains ? answer.night.least : row.need.total()},
          {"fits", fits_to_json(answer, row)},
          {"seconds", answer.night_seconds ? Json(*answer.night_seconds) : Json()},
          {"money_month",
           {{"gpu", first != nullptr ? Json(first->gpu) : Json()},
            {"count", first != nullptr ? first->count : 0},
            {"rented", first != nullptr && first->fits ? Json(first->rented.total() * local) : Json()},
            {"bought", first != nullptr && first->fits ? Json(first->bought * local) : Json()},
            {"currency", answer.prices.currency}}},
          {"night", night_to_json(answer)},
          {"table", std::move(table)}};
}

std::vector<std::string> plan_lines(const AppContext& context, const PlanAnswer& answer) {
  const plan::Shape& shape = answer.shape;
  std::vector<std::string> lines = {context.said("{}: {:.2f} billion weights, {} layers, {} wide, vocabulary {}",
                                                 shape.name, static_cast<double>(shape.weights()) / kGiga, shape.layers,
                                                 shape.width, shape.vocabulary)};
  if (answer.question.purpose != "train") {
    add_chat_lines(context, answer, lines);
    add_device_lines(context, answer, lines);
  }
  if (answer.question.purpose != "chat") add_night_lines(context, answer, lines);
  return lines;
}

Json essay_to_json(const plan::Essay& essay, const plan::Prices& prices) {
  return {
      {"bytes_16bit", {{"told", essay.told_16bit_bytes}, {"by_hand", essay.round_16bit_bytes}}},
      {"bytes_4bit", {{"told", essay.told_4bit_bytes}, {"by_hand", essay.round_4bit_bytes}}},
      {"bf16", need_to_json(essay.bf16)},
      {"q4_k_m", need_to_json(essay.q4)},
      {"rtx4090", {{"told", essay.told_cards}, {"counted", essay.cards_q4}}},
      {"month",
       {{"told", essay.told_month}, {"counted", essay.month_local}, {"with_nights", essay.month_with_nights_local}}},
      {"h100_80gb", {{"bf16_count", essay.h100_bf16}, {"one_holds", essay.h100_fits.name}}},
      {"currency", prices.currency}};
}

std::vector<std::string> essay_lines(const AppContext& context, const plan::Essay& essay, const plan::Prices& prices) {
  const auto gb = [](double bytes) { return fmt::format("{:.1f} GB", bytes / kGiga); };
  const auto total = [&](const plan::ChatNeed& need) { return gb(static_cast<double>(need.total())); };
  std::vector<std::string> lines;
  lines.push_back(context.said("70B in 16 bit: the essay says 140 GB; 70 billion weights x 2 bytes = {}",
                               gb(essay.round_16bit_bytes)));
  lines.push_back("  " + context.said("counted: weights {}, with {} tokens in sight {} in all",
                                      gb(static_cast<double>(essay.bf16.weights)), plan::kEssayContext,
                                      total(essay.bf16)));
  lines.push_back(context.said("70B in 4 bit: the essay says about 40 GB; 70 billion x 4.5 bits / 8 = {}",
                               gb(essay.round_4bit_bytes)));
  lines.push_back("  " +
                  context.said("counted as q4_k_m: weights {}, in all {}; that is {} x RTX 4090, as the essay says {}",
                               gb(static_cast<double>(essay.q4.weights)), total(essay.q4), essay.cards_q4,
                               essay.told_cards));
  lines.push_back(context.said("a month, 2 hours a day: the essay says about 130,000 won; {:.0f} + {:.0f} dollars = {}",
                               essay.month.gpu, essay.month.volume, money(prices, essay.month.total())));
  lines.push_back("  " + context.said("optimistic: with a night of {:.0f} h a day, and failed ones paid for: {}",
                                      plan::kEssayNightHours, money(prices, essay.month_with_nights.total())));
  lines.push_back(
      context.said("later one H100 80 GB in BF16: does not fit; {} of them would hold it", essay.h100_bf16));
  lines.push_back("  " + context.said("what one of them holds with {} tokens in sight: {}", plan::kEssayContext,
                                      essay.h100_fits.name));
  return lines;
}

}  // namespace banchu
