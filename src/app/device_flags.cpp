#include "app/device_flags.h"

#include <sstream>

#include "train/train.h"

namespace banchu {

void add_device_flags(CLI::App* verb, DeviceFlags* flags) {
  verb->add_option(
          "--device", flags->device,
          "Trains on CUDA0, or CUDA0,CUDA1; cpu: never on a card; ggml-cpu: a card's way, tried on the processor")
      ->type_name("NAME");
  verb->add_option("--tensor-split", flags->split, "Shares of the layers, one for each device: 3,1")->delimiter(',');
}

std::vector<std::string> chosen_devices(const DeviceFlags& flags) {
  if (flags.device.empty()) return graphics_cards();
  if (flags.device == "cpu") return {};
  if (flags.device == "ggml-cpu") return {"CPU"};
  std::vector<std::string> names;
  std::istringstream words(flags.device);
  for (std::string name; std::getline(words, name, ',');) names.push_back(name);
  return names;
}

}  // namespace banchu
