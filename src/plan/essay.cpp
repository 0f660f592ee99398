#include "plan/essay.h"

namespace banchu::plan {

Result<Essay> essay(const Prices& prices) {
  constexpr double kRoundWeights = 70e9;
  BANCHU_TRY(const Shape shape, shape_by_name("70b"));
  BANCHU_TRY(const Quantisation bf16, find_quantisation("bf16"));
  BANCHU_TRY(const Quantisation q4_0, find_quantisation("q4_0"));
  BANCHU_TRY(const Quantisation q4, find_quantisation("q4_k_m"));
  BANCHU_TRY(const Gpu card, find_gpu(prices, "RTX 4090"));
  BANCHU_TRY(const Gpu h100, find_gpu(prices, "H100 80GB"));
  Essay essay;
  essay.round_16bit_bytes = kRoundWeights * bf16.bits / 8;
  essay.round_4bit_bytes = kRoundWeights * q4_0.bits / 8;
  essay.bf16 = chat_need(shape, bf16, kEssayContext);
  essay.q4 = chat_need(shape, q4, kEssayContext);
  essay.cards_q4 = devices_needed(shape, essay.q4, card.bytes());
  essay.h100_bf16 = devices_needed(shape, essay.bf16, h100.bytes());
  for (const Quantisation& finest : quantisations()) {
    essay.h100_fits = finest;
    if (devices_needed(shape, chat_need(shape, finest, kEssayContext), h100.bytes()) == 1) break;
  }
  MonthUse use{essay.told_cards, 2, 0, 100};
  essay.month = rented_month(prices, card, use);
  use.night_hours = kEssayNightHours;
  essay.month_with_nights = rented_month(prices, card, use);
  essay.month_local = essay.month.total() * prices.per_dollar;
  essay.month_with_nights_local = essay.month_with_nights.total() * prices.per_dollar;
  return essay;
}

}  // namespace banchu::plan
