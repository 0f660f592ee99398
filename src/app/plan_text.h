// The whole answer of `plan`: put together from the room's arithmetic and the trainer's estimator, as JSON and as
// lines.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/context.h"
#include "app/plan_night.h"
#include "plan/plan.h"

namespace banchu {

struct PlanQuestion {
  std::string purpose;       // "chat", "train"; "": both
  std::string quantisation;  // "": the file's own, and a table of all
  std::string gpu;           // "": every one of the table
  std::int64_t context_tokens = 4096;
  NightSize night;
  double night_tokens = 40000;
  double hours_a_day = 2;
};

struct PlanFit {
  std::string gpu;
  int count = 0;  // devices needed; 0: it never fits
  bool fits = false;
  double at_most_tokens_per_second = 0;  // a reply reads every weight once for each token
  plan::Month rented;
  double bought = 0;  // dollars a month
};

struct PlanRow {
  std::string quantisation;
  plan::ChatNeed need;
  std::vector<PlanFit> fits;
  bool fits_here = false;  // this machine's memory
};

struct PlanAnswer {
  PlanQuestion question;
  plan::Shape shape;
  plan::Prices prices;
  std::vector<PlanRow> rows;
  std::size_t chosen = 0;  // the row that the single numbers of the JSON speak of
  NightNeed night;
  std::optional<TrainingRate> rate;
  std::optional<double> night_seconds;
  std::uint64_t memory_here = 0;
};

// Errors: those of finding the quantisation and the device.
Result<PlanAnswer> make_plan(const plan::Shape& shape, const plan::Prices& prices, const PlanQuestion& question);
Json plan_to_json(const PlanAnswer& answer);
std::vector<std::string> plan_lines(const AppContext& context, const PlanAnswer& answer);

Json essay_to_json(const plan::Essay& essay, const plan::Prices& prices);
std::vector<std::string> essay_lines(const AppContext& context, const plan::Essay& essay, const plan::Prices& prices);

}  // namespace banchu
