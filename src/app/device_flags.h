// --device and --tensor-split: on which part of the machine a training runs.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "base/result.h"

namespace banchu {

struct DeviceFlags {
  std::string device;         // "" : every graphics card there is, else the processor
  std::vector<double> split;  // of the layers
};
void add_device_flags(CLI::App* verb, DeviceFlags* flags);

// What TrainOptions::devices wants: none for the processor's own kernels.
std::vector<std::string> chosen_devices(const DeviceFlags& flags);

}  // namespace banchu
