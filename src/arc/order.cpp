#include "arc/order.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "arc/korean.h"
#include "arc/numeric.h"
#include "arc/order_tables.h"

namespace banchu {
namespace {

constexpr double kEdgeUnits = 2;  // how far the beginning and the end reach into the text (decay of their weight)
constexpr std::uint32_t kEdgeReach = 12;

bool introduces(MentionForm form) {
  return form == MentionForm::indefinite || form == MentionForm::subject || form == MentionForm::named;
}
bool presumes(MentionForm form) { return form == MentionForm::definite || form == MentionForm::topic; }

const std::array<double, kEdgeReach>& edge_weights() {
  static const std::array<double, kEdgeReach> weights = [] {
    std::array<double, kEdgeReach> w{};
    for (std::uint32_t i = 0; i < kEdgeReach; ++i) w[i] = exact_exp(-static_cast<double>(i) / kEdgeUnits);
    return w;
  }();
  return weights;
}

}  // namespace

std::uint8_t form_bit(MentionForm form) { return introduces(form) ? 1 : presumes(form) ? 2 : 0; }

OrderEvidence::OrderEvidence(const Discourse& discourse)
    : discourse_(discourse),
      english_(discourse.language() == ArcLanguage::english),
      scale_(1 / std::sqrt(std::max(1.0, static_cast<double>(discourse.size())))) {
  const std::size_t stems = discourse.vocabulary().size();
  idf_.assign(stems, 0);
  both_forms_.assign(stems, 0);
  const auto total = static_cast<double>(discourse.size());
  for (std::size_t i = 0; i < stems; ++i) {
    const std::uint32_t count = discourse.unit_counts()[i];
    if (count > 1) idf_[i] = static_cast<float>(exact_log((total + 1) / count));
  }
  for (std::size_t i = 0; i < discourse.size(); ++i) {
    for (const Mention& mention : discourse.mentions(i)) {
      both_forms_[mention.stem] |= form_bit(mention.form);
    }
    learned_.push_back(learned_of(static_cast<std::uint32_t>(i)));
    times_of_.emplace_back();
    for (const std::uint32_t id : discourse.words(i)) {
      const TimePoint when = discourse.vocabulary().word(id).when;
      if (when.scale != 0) times_of_.back().push_back(when);
    }
  }
  for (auto* stamps : {&content_pass_, &indefinite_pass_, &mention_pass_, &first_place_, &last_place_, &times_}) {
    stamps->assign(stems, 0);
  }
}

OrderEvidence::Learned OrderEvidence::learned_of(std::uint32_t unit) const {
  if (!english_) return ruled_of(unit);
  const PositionTable& table = position_table();
  Learned sums;
  int known = 0;
  for (const std::uint32_t id : discourse_.words(unit)) {
    const PositionFigures* figures = table.find(discourse_.vocabulary().word(id).text);
    if (figures == nullptr) continue;
    sums.opening += figures->opening;
    sums.closing += figures->closing;
    sums.drift += figures->drift;
    ++known;
  }
  const auto shrink = static_cast<float>(1 / std::sqrt(known + 3.0));
  return {sums.opening * shrink, sums.closing * shrink, sums.drift * shrink};
}

OrderEvidence::Learned OrderEvidence::ruled_of(std::uint32_t unit) const {
  double opening = 0;
  double closing = 0;
  for (const std::uint32_t id : discourse_.words(unit)) {
    opening += opening_of(discourse_.vocabulary().word(id));
    closing += closing_of(discourse_.vocabulary().word(id));
  }
  return {static_cast<float>(opening), static_cast<float>(closing), static_cast<float>(closing - opening)};
}

OrderValues OrderEvidence::measure(std::span<const std::uint32_t> order, std::vector<OrderValues>* by_unit) {
  ++pass_;
  OrderValues total{};
  if (by_unit != nullptr) by_unit->assign(order.size(), OrderValues{});
  last_time_.fill({});
  bool open = false;
  std::uint8_t offered[2] = {0, 0};  // by the unit before, and the one before that
  for (std::uint32_t place = 0; place < order.size(); ++place) {
    const std::uint32_t at = order[place];
    const DiscourseUnit& unit = discourse_.unit(at);
    OrderValues own{};
    add_mentions(at, own);
    add_times(at, own);
    add_contents(at, place, own);
    add_antecedents(at, offered[0] | offered[1], own);
    add_learned(at, place, own);
    if (unit.quotes.has_marks) {
      if (unit.quotes.first_closes != open) own[kQuotes] -= 1;
      open = unit.quotes.stays_open;
    }
    if (place > 0) own[kAdjacency] += adjacency(discourse_.unit(order[place - 1]).shape, unit.shape);
    offered[1] = offered[0];
    offered[0] = unit.offers;
    for (std::size_t f = 0; f < kOrderFeatures; ++f) total[f] += own[f] *= scale_;
    if (by_unit != nullptr) (*by_unit)[at] = own;
  }
  return total;
}

void OrderEvidence::add_mentions(std::uint32_t unit, OrderValues& values) {
  for (const Mention& mention : discourse_.mentions(unit)) {
    const std::uint32_t stem = mention.stem;
    if (idf_[stem] > 0) {  // it stands in another unit too: before this one?
      const double before = content_pass_[stem] == pass_ ? 1 : -1;
      if (mention.form == MentionForm::definite) values[kGiven] += before;
      if (mention.form == MentionForm::named) values[kNaming] -= before;
    }
    if (both_forms_[stem] != 3) continue;
    const bool known = indefinite_pass_[stem] == pass_;
    const bool first = mention_pass_[stem] != pass_;
    if (introduces(mention.form)) {
      indefinite_pass_[stem] = pass_;
    } else if (presumes(mention.form)) {
      values[kArticle] += known ? 1 : -1;
    } else {
      continue;
    }
    if (first) values[kArticleFirst] += introduces(mention.form) ? 1 : -1;
    mention_pass_[stem] = pass_;
  }
}

void OrderEvidence::add_times(std::uint32_t unit, OrderValues& values) {
  for (const TimePoint when : times_of_[unit]) {
    values[kTime] += time_step(last_time_[when.scale], when);
    last_time_[when.scale] = when;
  }
}

void OrderEvidence::add_contents(std::uint32_t unit, std::uint32_t place, OrderValues& values) {
  for (const std::uint32_t stem : discourse_.contents(unit)) {
    const auto idf = static_cast<double>(idf_[stem]);
    if (!(idf > 0)) continue;
    if (content_pass_[stem] != pass_) {
      content_pass_[stem] = pass_;
      first_place_[stem] = place;
      times_[stem] = 0;
      values[kGrowth] += idf * place / static_cast<double>(discourse_.size());
    } else {
      values[kRecurrence] += idf / (place - last_place_[stem]);
    }
    last_place_[stem] = place;
    if (++times_[stem] == discourse_.unit_counts()[stem]) {
      values[kSpan] -= idf * static_cast<double>(std::bit_width(place - first_place_[stem]));
    }
  }
}

void OrderEvidence::add_antecedents(std::uint32_t unit, std::uint8_t recent, OrderValues& values) const {
  const std::uint8_t asks = discourse_.unit(unit).asks & (kAnyHe | kAnyShe | kAnyThey);
  const int found = std::popcount(static_cast<unsigned>(asks & recent));
  values[kAntecedent] += 2 * found - std::popcount(static_cast<unsigned>(asks));
}

void OrderEvidence::add_learned(std::uint32_t unit, std::uint32_t place, OrderValues& values) const {
  const Learned& learned = learned_[unit];
  const auto last = static_cast<std::uint32_t>(discourse_.size() - 1);
  if (place < kEdgeReach) values[kOpening] += static_cast<double>(learned.opening) * edge_weights()[place];
  if (last - place < kEdgeReach)
    values[kClosing] += static_cast<double>(learned.closing) * edge_weights()[last - place];
  if (last > 0) values[kDrift] += static_cast<double>(learned.drift) * (static_cast<double>(place) / last - 0.5);
}

double OrderEvidence::adjacency(std::uint64_t before, std::uint64_t after) const {
  const AdjacencyTable& table = adjacency_table();
  double sum = 0;
  for (std::uint64_t b = before; b != 0; b &= b - 1) {
    const auto& row = table[static_cast<std::size_t>(std::countr_zero(b))];
    for (std::uint64_t a = after; a != 0; a &= a - 1) sum += row[static_cast<std::size_t>(std::countr_zero(a))];
  }
  return sum;
}

double OrderEvidence::weigh(const OrderValues& values) const {
  const OrderValues& weights = english_ ? english_order_weights() : korean_order_weights();
  double sum = 0;
  for (std::size_t f = 0; f < kOrderFeatures; ++f) sum += weights[f] * values[f];
  return sum;
}

}  // namespace banchu
