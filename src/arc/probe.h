// Emotion probes: linear readers of what a language model makes of a sentence (arc/probe_states.h), one model each.
//
// A target (valence, arousal, an emotion's name) is a weight for every number of the model's last layer and a bias:
// read = w h + b. Valence and arousal are in standard deviations of the sentences that taught them; an emotion is a
// share, about 0 .. 1. How much a reading counts beside the lexicon's is learned too, for each language: a model that
// knows no Korean has no say about Korean.
// On disk: JSON, docs/arc.md, "Probes". Threads: plain data. Errors: NotFound; InvalidArgument (a file that is no
// probe; file and field are named).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arc/reading.h"
#include "base/result.h"

namespace banchu {

// What a target reached on sentences that its own fit had not seen (five folds), and what follows from it.
struct ProbeLanguage {
  std::string language;  // "en", "ko"
  std::size_t rows = 0;
  double probe = 0;    // Pearson's r; of an emotion the area under its ROC curve
  double lexicon = 0;  // the same of the lexicon alone; of an emotion, that of the word classifier
  double both = 0;     // of both, mixed by the share below
  double share = 1;    // of the probe in the mix, 0 .. 1; the lexicon has the rest
};

struct ProbeTarget {
  std::string name;
  bool is_emotion = false;
  std::vector<double> weights;  // [dimension]
  double bias = 0;
  double strength = 0;  // of the ridge
  std::vector<ProbeLanguage> languages;

  double read(std::span<const float> state) const;
  // 0 where the target was not taught in that language. Mixed text counts as English.
  double share_in(ArcLanguage language) const;
};

// What taught it: names and digests, never a sentence.
struct ProbeSource {
  std::string name;
  std::string digest;
  std::size_t rows = 0;
};

struct Probe {
  std::string model;       // SHA-256 of the model's file
  std::string model_name;  // its file's name, for people
  std::size_t dimension = 0;
  std::vector<ProbeTarget> targets;
  std::vector<ProbeSource> sources;
  std::string digest;  // SHA-256 of the bytes it was read from; "" of one just made

  const ProbeTarget* target(std::string_view name) const;  // null: it has none of that name
};

std::string probe_text(const Probe& probe);
Result<Probe> parse_probe(std::string_view text, const std::string& name);
Result<Probe> load_probe(const std::filesystem::path& path);
// The one that comes with the program for a model, if any.
std::optional<Probe> shipped_probe(const std::string& model_digest);

}  // namespace banchu
