// The mask: a YAML file that says who speaks and how. Plain data and its reader.
//
//   name: dori
//   system: You are Dori, a warm companion.
//   few_shot:
//     - {user: "Good evening!", reply: "Mm, a warm thought: good evening."}
//   sampling: {temperature: 0.75, max_tokens: 200, seed: 7}     # every knob of chat/sampling_table.h, and seed
//   logit_bias: {"사유": 5, "sorry": -100}                       # whole words, -100 .. 100
//   stop: ["지훈:"]
//
// Every key may be left out. Errors: InvalidArgument, naming the file and the key; an unknown key with the nearest
// known one, a value out of range with its range. NotFound for a file that is not there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/message.h"
#include "model/sampling.h"

namespace banchu {

struct Persona {
  std::string name;
  std::string system;             // the mask's words; "" for none
  std::vector<Message> few_shot;  // user, assistant, user, assistant ...
  SamplingOptions sampling;
  std::optional<std::uint64_t> seed;
};

Result<Persona> persona_from_yaml(std::string_view yaml, const std::string& what);
Result<Persona> load_persona(const std::filesystem::path& path);

// The file that reads back as `persona`.
std::string persona_to_yaml(const Persona& persona);

// One value by its key, as `/set` gives it: "temperature" "0.7", "seed" "7", "system" "You are ...",
// "logit_bias.sorry" "-100", "stop" "지훈:" (added; "" takes all away).
Status set_persona_value(Persona& persona, const std::string& key, const std::string& text);

}  // namespace banchu
