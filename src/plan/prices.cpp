#include "plan/prices.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "base/text.h"
#include "base/yaml.h"
#include "embedded/prices.h"

namespace banchu::plan {
namespace {

constexpr std::array<std::string_view, 7> kKeys = {"currency", "per_dollar",    "days_a_month", "volume_gb_month",
                                                   "kwh",      "failed_nights", "gpus"};
constexpr std::array<std::string_view, 7> kGpuKeys = {"name", "gib", "hour", "gb_s", "watts", "buy", "years"};
constexpr double kMostMoney = 1e9;
constexpr double kMonthsAYear = 12;

// A number above 0 (from 0 where `may_be_zero`).
Result<double> price_at(const Json& table, const char* key, double most, const std::string& what,
                        bool may_be_zero = false) {
  const Json value = table.value(key, Json());
  const double number = value.is_number() ? value.get<double>() : std::nan("");
  if (number <= most && (number > 0 || (may_be_zero && number == 0))) return number;
  return make_error(
      Code::InvalidArgument,
      fmt::format("{}: {} is {}", what, key, table.contains(key) ? shorten(to_line(value), 40) : "missing"),
      fmt::format("{} must be a number {} 0, at most {:g}", key, may_be_zero ? "from" : "above", most));
}

Result<Gpu> read_gpu(const Json& json, const std::string& what) {
  if (!json.is_object()) return make_error(Code::InvalidArgument, what + " must be a map of keys and values");
  BANCHU_TRY_STATUS(check_known_keys(json, kGpuKeys, what));
  Gpu gpu;
  gpu.name = string_at(json, "name");
  if (trim(gpu.name).empty()) return make_error(Code::InvalidArgument, what + " has no name", "put it in quotes");
  BANCHU_TRY(gpu.gib, price_at(json, "gib", 100000, what));
  BANCHU_TRY(gpu.hour, price_at(json, "hour", kMostMoney, what));
  BANCHU_TRY(gpu.gb_s, price_at(json, "gb_s", 1e6, what));
  BANCHU_TRY(gpu.watts, price_at(json, "watts", 1e5, what));
  BANCHU_TRY(gpu.buy, price_at(json, "buy", kMostMoney, what));
  BANCHU_TRY(gpu.years, price_at(json, "years", 100, what));
  return gpu;
}

double monthly_hours(const Prices& prices, const MonthUse& use) {
  return prices.days_a_month * (use.hours_a_day + use.night_hours * (1 + prices.failed_nights));
}

}  // namespace

Result<Prices> prices_from_yaml(std::string_view yaml, const std::string& what) {
  BANCHU_TRY(const Json table, parse_yaml(yaml, what));
  if (!table.is_object()) return make_error(Code::InvalidArgument, what + " must be a map of keys and values");
  BANCHU_TRY_STATUS(check_known_keys(table, kKeys, what));
  Prices prices;
  prices.currency = string_at(table, "currency");
  if (prices.currency.empty() || prices.currency.size() > 8) {
    return make_error(Code::InvalidArgument, what + ": currency must be a short text", "for example KRW, USD, EUR");
  }
  BANCHU_TRY(prices.per_dollar, price_at(table, "per_dollar", 1e9, what));
  BANCHU_TRY(prices.days_a_month, price_at(table, "days_a_month", 31, what));
  BANCHU_TRY(prices.volume_gb_month, price_at(table, "volume_gb_month", kMostMoney, what));
  BANCHU_TRY(prices.kwh, price_at(table, "kwh", kMostMoney, what));
  BANCHU_TRY(prices.failed_nights, price_at(table, "failed_nights", 10, what, true));
  const Json gpus = table.value("gpus", Json());
  if (!gpus.is_array() || gpus.empty()) return make_error(Code::InvalidArgument, what + ": gpus must be a list");
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    BANCHU_TRY(Gpu gpu, read_gpu(gpus[i], fmt::format("{}: gpu {}", what, i + 1)));
    prices.gpus.push_back(std::move(gpu));
  }
  return prices;
}

std::string_view shipped_prices_yaml() { return embedded::prices_prices_yaml; }

Result<Gpu> find_gpu(const Prices& prices, const std::string& name) {
  std::string known;
  for (const Gpu& gpu : prices.gpus) {
    if (fold(gpu.name).find(fold(name)) != std::string::npos) return gpu;
    known += (known.empty() ? "" : ", ") + gpu.name;
  }
  return make_error(Code::NotFound, fmt::format("the price table has no \"{}\"", shorten(name, 40)),
                    fmt::format("it has: {}; --prices FILE takes a table of yours", known));
}

Month rented_month(const Prices& prices, const Gpu& gpu, const MonthUse& use) {
  return {use.devices * gpu.hour * monthly_hours(prices, use), use.volume_gb * prices.volume_gb_month};
}

double bought_month(const Prices& prices, const Gpu& gpu, const MonthUse& use) {
  const double worn = gpu.buy / (gpu.years * kMonthsAYear);
  return use.devices * (worn + gpu.watts / 1000 * monthly_hours(prices, use) * prices.kwh);
}

}  // namespace banchu::plan
