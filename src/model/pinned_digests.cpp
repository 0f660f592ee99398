#include "model/pinned_digests.h"

#include "base/file.h"
#include "base/json.h"
#include "model/model_source.h"

namespace banchu {
namespace {

constexpr std::uint64_t kMostBytes = 16u << 20;

}  // namespace

Result<PinnedDigests> PinnedDigests::load(const std::filesystem::path& folder) {
  PinnedDigests pins(folder / "digests.json");
  std::error_code failure;
  if (!std::filesystem::exists(pins.path_, failure)) return pins;
  BANCHU_TRY(const std::string text, read_file(pins.path_, kMostBytes));
  const Result<Json> json = parse_json(text, pins.path_.string());
  const Json models = json && json->is_object() ? json->value("models", Json()) : Json();
  if (!models.is_object())
    return make_error(Code::Corruption, pins.path_.string() + " is damaged",
                      "put it back from a copy, or remove it: then the next pull sets the digests anew");
  for (const auto& [address, entry] : models.items()) {
    const PinnedDigest pin{string_at(entry, "file"), string_at(entry, "sha256"),
                           static_cast<std::uint64_t>(number_at(entry, "bytes")), string_at(entry, "time")};
    if (is_sha256(pin.sha256)) pins.pins_[address] = pin;
  }
  return pins;
}

const PinnedDigest* PinnedDigests::find(const std::string& address) const {
  const auto found = pins_.find(address);
  return found == pins_.end() ? nullptr : &found->second;
}

Status PinnedDigests::save() const {
  Json models = Json::object();
  for (const auto& [address, pin] : pins_) {
    models[address] = {{"file", pin.file}, {"sha256", pin.sha256}, {"bytes", pin.bytes}, {"time", pin.time}};
  }
  return write_file_atomic(path_, Json{{"format", 1}, {"models", std::move(models)}}.dump(1) + "\n");
}

}  // namespace banchu
