#include "app/engine_place.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "plan/chat_need.h"

namespace banchu {
namespace {

using lora::DeviceFacts;
constexpr const char* kNoCard = "cpu";
constexpr const char* kTriedOnProcessor = "ggml-cpu";  // a training's only; the engine has its own way there

Result<DeviceFacts> find_device(const std::string& name, const std::vector<DeviceFacts>& there) {
  std::vector<std::string> names;
  for (const DeviceFacts& facts : there) {
    if (facts.name == name) return facts;
    names.push_back(facts.name);
  }
  return make_error(Code::NotFound, fmt::format("this machine has no device {}", name),
                    fmt::format("it has: {}", fmt::join(names, ", ")));
}

// The graphics cards that were named, or all of them.
Result<std::vector<DeviceFacts>> chosen_cards(const DeviceFlags& flags, const std::vector<DeviceFacts>& there) {
  std::vector<DeviceFacts> cards;
  if (flags.device == kNoCard || flags.device == kTriedOnProcessor) return cards;
  if (flags.device.empty()) {
    std::copy_if(there.begin(), there.end(), std::back_inserter(cards), [](const auto& facts) { return facts.is_gpu; });
    return cards;
  }
  std::istringstream words(flags.device);
  for (std::string name; std::getline(words, name, ',');) {
    BANCHU_TRY(const DeviceFacts facts, find_device(name, there));
    if (facts.is_gpu) cards.push_back(facts);
  }
  return cards;
}

Status check_flags(const DeviceFlags& flags, std::size_t cards) {
  const bool is_for_processor = flags.device == kTriedOnProcessor;
  if (!flags.split.empty() && flags.split.size() != cards && !is_for_processor) {
    return make_error(Code::InvalidArgument,
                      fmt::format("--tensor-split has {} shares for {} graphics cards", flags.split.size(), cards),
                      "give one share for each, as in --tensor-split 3,1");
  }
  if (cards > 0 || flags.gpu_layers.value_or(0) == 0) return {};
  if (flags.device == kNoCard) {
    return make_error(Code::InvalidArgument, "--gpu-layers and --device cpu contradict each other",
                      "leave one of them away");
  }
  return make_error(
      Code::FailedPrecondition,
      fmt::format("--gpu-layers {}: there is no graphics card that this build can use", *flags.gpu_layers),
      "`banchu doctor` says whether a card is missing, its driver or a build for it (cmake --preset cuda); "
      "without --gpu-layers the processor does it all");
}

// How many layers each card may hold.
std::vector<int> room_on(const std::vector<DeviceFacts>& cards, const plan::Shape& shape, const plan::ChatNeed& need) {
  std::vector<int> room;
  for (const DeviceFacts& card : cards) room.push_back(plan::layers_that_fit(shape, need, card.free_bytes));
  return room;
}

// All together; with given shares, as many as the fullest card allows.
int layers_in_room(const std::vector<int>& room, const std::vector<double>& shares, int all) {
  double sum = 0, most = all;
  for (const double share : shares) sum += share;
  if (sum <= 0) {
    int together = 0;
    for (const int layers : room) together += layers;
    return std::min(together, all);
  }
  for (std::size_t i = 0; i < room.size(); ++i) {
    if (shares[i] > 0) most = std::min(most, room[i] * sum / shares[i]);
  }
  return static_cast<int>(most);
}

}  // namespace

Result<EnginePlace> place_layers(const plan::Shape& shape, std::int64_t context_tokens, const DeviceFlags& flags,
                                 const std::vector<DeviceFacts>& there) {
  BANCHU_TRY(const std::vector<DeviceFacts> cards, chosen_cards(flags, there));
  BANCHU_TRY_STATUS(check_flags(flags, cards.size()));
  EnginePlace place;
  place.all_layers = static_cast<int>(shape.layers) + 1;
  for (const DeviceFacts& card : cards) place.cards.push_back(card.name);
  if (cards.empty()) return place;
  const plan::ChatNeed need = plan::chat_need(shape, context_tokens);
  const std::vector<int> room = room_on(cards, shape, need);
  const int fit = layers_in_room(room, flags.split, place.all_layers);
  const int wanted = std::clamp(flags.gpu_layers.value_or(fit), 0, place.all_layers);
  if (wanted > fit) {
    return make_error(Code::NoSpace,
                      fmt::format("--gpu-layers {}: {} of {} layers fit into what is free on {}", *flags.gpu_layers,
                                  fit, place.all_layers, fmt::join(place.cards, ", ")),
                      "leave --gpu-layers away: then as many as fit are put there");
  }
  place.options.gpu_layers = wanted;
  if (wanted == 0) return place;
  place.options.devices = place.cards;
  place.options.device_shares = flags.split;
  if (flags.split.empty()) place.options.device_shares.assign(room.begin(), room.end());
  return place;
}

std::string place_line(const AppContext& context, const EnginePlace& place) {
  const int layers = place.options.gpu_layers;
  const std::string cards = fmt::format("{}", fmt::join(place.cards, ", "));
  if (place.cards.empty()) return context.said("no graphics card is used; the processor does it all");
  if (layers == 0) return context.said("no layer lies on {}; the processor does it all", cards);
  if (layers == place.all_layers) return context.said("all {} layers lie on {}", layers, cards);
  return context.said("{} of {} layers lie on {}, the others on the processor", layers, place.all_layers, cards);
}

Result<EnginePlace> place_engine(const AppContext& context, const std::filesystem::path& model,
                                 std::int64_t context_tokens, const DeviceFlags& flags) {
  const std::vector<DeviceFacts> there = lora::devices();
  BANCHU_TRY(const auto file, GgufFile::open(model));
  const Result<plan::Shape> shape = plan::shape_from_gguf(*file);
  // A shape that cannot be counted (a mixture of experts): only whoever names a number gets layers on a card.
  DeviceFlags wanted = flags;
  if (!shape && !wanted.gpu_layers) wanted.gpu_layers = 0;
  if (!shape && *wanted.gpu_layers > 0) return shape.error();
  BANCHU_TRY(const EnginePlace place, place_layers(shape ? *shape : plan::Shape{}, context_tokens, wanted, there));
  const bool is_asked = flags.any() || !place.cards.empty() || context.err.is_terminal();
  if (is_asked) context.note(place_line(context, place));
  return place;
}

}  // namespace banchu
