// Models that are worth a try on this machine: the editable catalogue, judged by the same estimators as `plan`.
//
// Errors: InvalidArgument, naming the file, the entry and the key.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/plan_night.h"
#include "base/result.h"
#include "plan/plan.h"

namespace banchu {

struct KnownModel {
  std::string name;
  double billions = 0;  // of weights, as its maker says
  std::string architecture;
  std::string korean;  // "good", "some", "little"
  std::string licence;
  std::string from;  // owner/repository of its maker
  plan::Shape shape;
};
Result<std::vector<KnownModel>> known_models_from_yaml(std::string_view yaml, const std::string& what);
std::string_view shipped_models_yaml();

struct Recommendation {
  KnownModel model;
  std::uint64_t talk_bytes = 0;  // as q4_k_m, with 4096 tokens in sight
  bool can_talk = false;
  std::uint64_t night_bytes = 0;  // at least, rank 16, 2 rows of 512 tokens; 0: the trainer does not know it
  bool can_grow = false;
};
// For a machine with so much free memory.
Result<std::vector<Recommendation>> recommend(const std::vector<KnownModel>& models, std::uint64_t memory_bytes);

}  // namespace banchu
