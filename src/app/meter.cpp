#include "app/meter.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>

namespace banchu {

Status Spending::can_be_counted() const {
  if (most <= 0 || price_per_hour > 0) return {};
  return make_error(Code::InvalidArgument, "--spend-at-most needs to know what this machine costs",
                    "write price_per_hour (and currency) into night.yaml");
}

Status Spending::check(double seconds) const {
  const double spent = price_per_hour * seconds / 3600;
  if (most <= 0 || spent < most) return {};
  return make_error(Code::FailedPrecondition,
                    fmt::format("the night has cost {:.2f} {}, and at most {:.2f} may be spent", spent, currency, most),
                    "what it has done is kept; with a higher --spend-at-most it goes on there");
}

void run_then(const AppContext& context, const std::string& command, const std::string& outcome) {
  if (command.empty()) return;
  context.note(context.said("now runs: {}", command));
  std::fflush(nullptr);
  ::setenv("BANCHU_THEN", command.c_str(), 1);
  ::setenv("BANCHU_OUTCOME", outcome.c_str(), 1);
  const int status = std::system("exec 1>&2; eval \"$BANCHU_THEN\"");
  if (status == 0) return;
  const int answer = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  context.note(context.said("it ended with {}: look whether the machine is still there and paid for", answer));
}

}  // namespace banchu
