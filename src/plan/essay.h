// The founding essay's own sums for a 70B companion on rented GPUs, beside the same sums counted from the model's
// shape: where it was right, and where it hoped.
//
//   16 bit: 70e9 weights * 2 bytes = 140 GB          4 bit: 70e9 * 4.5 bits / 8 = 39.4 GB ("about 40")
//   a month: 2 cards * $0.75 * 2 h * 30 days = $90, 100 GB of volume * $0.07 = $7; $97 * 1340 = 129,980 won ("about
//   130,000")
//
// Pure. Errors: those of the price table.
#pragma once

#include "plan/chat_need.h"
#include "plan/prices.h"

namespace banchu::plan {

struct Essay {
  double told_16bit_bytes = 140e9;
  double told_4bit_bytes = 40e9;
  int told_cards = 2;
  double told_month = 130000;  // won

  double round_16bit_bytes = 0;  // 70e9 weights, by hand
  double round_4bit_bytes = 0;
  ChatNeed bf16;     // counted, with a context of 8192 tokens
  ChatNeed q4;       // q4_k_m
  int cards_q4 = 0;  // RTX 4090
  int h100_bf16 = 0;
  Quantisation h100_fits;  // the finest that one H100 80 GB holds
  Month month;             // talking alone
  Month month_with_nights;
  double month_local = 0;  // in the table's currency
  double month_with_nights_local = 0;
};
inline constexpr std::int64_t kEssayContext = 8192;
inline constexpr double kEssayNightHours = 1;

Result<Essay> essay(const Prices& prices);

}  // namespace banchu::plan
