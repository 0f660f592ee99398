// Where the engine computes: how many of the model's layers lie on which graphics cards. Decided before anything is
// loaded, by plan's estimator (plan/chat_need.h) and by what is free there, and said aloud.
//
// Without a card nothing is wrong: the processor does it all. Whoever asks for layers on a card that is not there is
// told so.
//
// Errors: InvalidArgument (flags that contradict each other), NotFound (no such device; with those there are),
// FailedPrecondition (layers were asked for, and there is no card), NoSpace (with how many would fit).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/context.h"
#include "base/result.h"
#include "model/model.h"
#include "plan/plan_shape.h"
#include "train/device.h"

namespace banchu {

struct DeviceFlags {
  std::string device;             // "" : every graphics card there is, else the processor
  std::vector<double> split;      // of the layers, one for each device
  std::optional<int> gpu_layers;  // of the engine; none: as many as fit
  bool any() const { return !device.empty() || !split.empty() || gpu_layers.has_value(); }
};

struct EnginePlace {
  ModelOptions options;
  int all_layers = 0;              // the model's, and its head as one more
  std::vector<std::string> cards;  // that were looked at
};

// `there`: the devices of this machine.
Result<EnginePlace> place_layers(const plan::Shape& shape, std::int64_t context_tokens, const DeviceFlags& flags,
                                 const std::vector<lora::DeviceFacts>& there);
// For a file, on this machine; says it where a card is, where somebody asked, and to whoever sits at a terminal.
Result<EnginePlace> place_engine(const AppContext& context, const std::filesystem::path& model,
                                 std::int64_t context_tokens, const DeviceFlags& flags);
std::string place_line(const AppContext& context, const EnginePlace& place);

}  // namespace banchu
