#include "arc/order_tables.h"

#include <charconv>

#include "embedded/tables.h"

namespace banchu {
namespace {

constexpr float kFigureUnit = 0.01f;

// Reads integers separated by tabs and line ends, one after the other.
class Integers {
 public:
  explicit Integers(std::string_view text) : text_(text) {}
  bool next(int& value) {
    while (!text_.empty() && (text_[0] == '\t' || text_[0] == '\n')) text_.remove_prefix(1);
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (error != std::errc()) return false;
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return true;
  }
  std::string_view word() {
    while (!text_.empty() && text_[0] == '\n') text_.remove_prefix(1);
    const std::size_t end = std::min(text_.find('\t'), text_.size());
    const std::string_view word = text_.substr(0, end);
    text_.remove_prefix(end);
    return word;
  }

 private:
  std::string_view text_;
};

AdjacencyTable read_adjacency(std::string_view tsv) {
  AdjacencyTable table{};
  Integers integers(tsv);
  for (auto& row : table) {
    for (float& cell : row) {
      int value = 0;
      if (integers.next(value)) cell = static_cast<float>(value) * kFigureUnit;
    }
  }
  return table;
}

// "name<TAB>weight in thousandths" for each feature that counts.
OrderValues read_weights(std::string_view tsv) {
  OrderValues weights{};
  Integers integers(tsv);
  for (std::string_view name = integers.word(); !name.empty(); name = integers.word()) {
    int value = 0;
    if (!integers.next(value)) break;
    for (std::size_t f = 0; f < kOrderFeatures; ++f) {
      if (name == kOrderFeatureNames[f]) weights[f] = value / 1000.0;
    }
  }
  return weights;
}

}  // namespace

PositionTable::PositionTable(std::string_view tsv) {
  Integers integers(tsv);
  for (std::string_view word = integers.word(); !word.empty(); word = integers.word()) {
    int opening = 0;
    int closing = 0;
    int drift = 0;
    if (!integers.next(opening) || !integers.next(closing) || !integers.next(drift)) break;
    figures_[word] = {static_cast<float>(opening) * kFigureUnit, static_cast<float>(closing) * kFigureUnit,
                      static_cast<float>(drift) * kFigureUnit};
  }
}

const PositionFigures* PositionTable::find(std::string_view word) const {
  const auto found = figures_.find(word);
  return found == figures_.end() ? nullptr : &found->second;
}

const PositionTable& position_table() {
  static const PositionTable table(embedded::tables_position_en_tsv);
  return table;
}

const AdjacencyTable& adjacency_table() {
  static const AdjacencyTable table = read_adjacency(embedded::tables_adjacency_tsv);
  return table;
}

const OrderValues& english_order_weights() {
  static const OrderValues weights = read_weights(embedded::tables_order_weights_en_tsv);
  return weights;
}

const OrderValues& korean_order_weights() {
  static const OrderValues weights = read_weights(embedded::tables_order_weights_ko_tsv);
  return weights;
}

}  // namespace banchu
