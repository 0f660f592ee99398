#include "app/recommend.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/yaml.h"
#include "embedded/known.h"
#include "train/architecture.h"

namespace banchu {
namespace {

constexpr std::array<std::string_view, 7> kKeys = {"name",    "billions", "architecture", "korean",
                                                   "licence", "from",     "config"};
constexpr std::array<std::string_view, 3> kKorean = {"good", "some", "little"};
constexpr std::int64_t kContextTokens = 4096;
const NightSize kSmallNight{16, 2, 512, false};

Result<KnownModel> read_model(const Json& json, const std::string& what) {
  if (!json.is_object()) return make_error(Code::InvalidArgument, what + " must be a map of keys and values");
  BANCHU_TRY_STATUS(check_known_keys(json, kKeys, what));
  KnownModel model{string_at(json, "name"),
                   number_at(json, "billions"),
                   string_at(json, "architecture"),
                   string_at(json, "korean"),
                   string_at(json, "licence"),
                   string_at(json, "from"),
                   {}};
  if (trim(model.name).empty()) return make_error(Code::InvalidArgument, what + " has no name", "put it in quotes");
  if (std::find(kKorean.begin(), kKorean.end(), model.korean) == kKorean.end()) {
    return make_error(Code::InvalidArgument,
                      fmt::format("{}: {} must be one of {}", what, "korean", "good, some, little"));
  }
  BANCHU_TRY(model.shape, plan::shape_from_config(json.value("config", Json()), what));
  model.shape.name = model.name;
  return model;
}

}  // namespace

std::string_view shipped_models_yaml() { return embedded::known_models_yaml; }

Result<std::vector<KnownModel>> known_models_from_yaml(std::string_view yaml, const std::string& what) {
  BANCHU_TRY(const Json list, parse_yaml(yaml, what));
  if (!list.is_array() || list.empty()) return make_error(Code::InvalidArgument, what + ": models must be a list");
  std::vector<KnownModel> models;
  for (std::size_t i = 0; i < list.size(); ++i) {
    BANCHU_TRY(KnownModel model, read_model(list[i], fmt::format("{}: model {}", what, i + 1)));
    models.push_back(std::move(model));
  }
  return models;
}

Result<std::vector<Recommendation>> recommend(const std::vector<KnownModel>& models, std::uint64_t memory_bytes) {
  BANCHU_TRY(const plan::Quantisation q4, plan::find_quantisation("q4_k_m"));
  std::vector<Recommendation> list;
  for (const KnownModel& model : models) {
    Recommendation row;
    row.model = model;
    row.talk_bytes = plan::chat_need(model.shape, q4, kContextTokens).total();
    row.can_talk = row.talk_bytes <= memory_bytes;
    if (lora::find_architecture(model.architecture) != nullptr) {
      BANCHU_TRY(const NightNeed night, night_need(model.shape, kSmallNight));
      row.night_bytes = night.least;
      row.can_grow = row.can_talk && night.least <= memory_bytes;
    }
    list.push_back(std::move(row));
  }
  return list;
}

}  // namespace banchu
