// The price table (YAML, to be edited by its user) and the sums made with it.
//
// Pure. Errors: InvalidArgument, naming the file, the key and what it may be: no price may be zero, negative or text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace banchu::plan {

struct Gpu {
  std::string name;
  double gib = 0;    // of memory
  double hour = 0;   // dollars, rented
  double gb_s = 0;   // memory bandwidth: a reply cannot be written faster than the weights can be read
  double watts = 0;  // at work
  double buy = 0;    // dollars
  double years = 0;  // until it is worth nothing
  std::uint64_t bytes() const { return static_cast<std::uint64_t>(gib * 1024 * 1024 * 1024); }
};

struct Prices {
  std::string currency;
  double per_dollar = 1;
  double days_a_month = 30;
  double volume_gb_month = 0;
  double kwh = 0;
  double failed_nights = 0;
  std::vector<Gpu> gpus;
};
Result<Prices> prices_from_yaml(std::string_view yaml, const std::string& what);
std::string_view shipped_prices_yaml();
// Errors: NotFound, with those of the table.
Result<Gpu> find_gpu(const Prices& prices, const std::string& name);

// A month, in dollars.
struct Month {
  double gpu = 0;     // rented hours
  double volume = 0;  // what is kept between them
  double total() const { return gpu + volume; }
};
struct MonthUse {
  int devices = 1;
  double hours_a_day = 2;
  double night_hours = 0;  // a night's, every day; failed ones are added
  double volume_gb = 100;
};
Month rented_month(const Prices& prices, const Gpu& gpu, const MonthUse& use);

// Bought instead: the price spread over its years, and the current for the same hours.
double bought_month(const Prices& prices, const Gpu& gpu, const MonthUse& use);

}  // namespace banchu::plan
