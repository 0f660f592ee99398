// Private to arc/: what was learned from shuffled tales (tools/make_arc_order.py), read from the embedded tables.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <unordered_map>

#include "arc/order.h"

namespace banchu {

// Of one word, where it likes to stand.
struct PositionFigures {
  float opening = 0;
  float closing = 0;
  float drift = 0;
};

class PositionTable {
 public:
  explicit PositionTable(std::string_view tsv);  // "word<TAB>opening<TAB>closing<TAB>drift", integers
  const PositionFigures* find(std::string_view word) const;

 private:
  std::unordered_map<std::string_view, PositionFigures> figures_;
};

using AdjacencyTable = std::array<std::array<float, kShapeBits>, kShapeBits>;  // [before][after]

const PositionTable& position_table();
const AdjacencyTable& adjacency_table();
const OrderValues& english_order_weights();
// Without learned tables: the rules, each weighed by one over its spread between shuffles (docs/arc.md).
const OrderValues& korean_order_weights();

}  // namespace banchu
