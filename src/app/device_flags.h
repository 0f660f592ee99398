// --device, --tensor-split and --gpu-layers: on which part of the machine a training and the engine compute.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "app/engine_place.h"

namespace banchu {

// Of a training.
void add_device_flags(CLI::App* verb, DeviceFlags* flags);
// Of the engine. `trains`: the verb trains too, and has the others already.
void add_engine_flags(CLI::App* verb, DeviceFlags* flags, bool trains);

// What TrainOptions::devices wants: none for the processor's own kernels.
std::vector<std::string> chosen_devices(const DeviceFlags& flags);

}  // namespace banchu
