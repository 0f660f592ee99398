#include "app/model_facts.h"

#include <fmt/format.h>

#include <array>

#include "app/plan_night.h"
#include "app/progress_bar.h"
#include "model/model_check.h"
#include "model/model_source.h"
#include "plan/plan.h"
#include "train/memory.h"
#include "train/train.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
constexpr std::int64_t kContextTokens = 4096;
const NightSize kSmallNight{16, 2, 512, false};

struct TemplateMark {
  std::string_view mark;
  std::string_view name;
};
// What only one family of templates writes; the first that is found names it.
constexpr std::array<TemplateMark, 9> kMarks = {{{"<|start_header_id|>", "llama3"},
                                                 {"<|header_start|>", "llama4"},
                                                 {"<|im_start|>", "chatml"},
                                                 {"<start_of_turn>", "gemma"},
                                                 {"[|assistant|]", "exaone"},
                                                 {"<|start|>", "harmony"},
                                                 {"<<SYS>>", "llama2"},
                                                 {"[INST]", "mistral"},
                                                 {"<|assistant|>", "phi3"}}};

void count_types(const GgufFile& file, ModelFacts& facts) {
  for (const GgufTensor& tensor : file.tensors()) ++facts.types[tensor_type_name(tensor.type)];
}

// The other parts lie beside the first; one that is missing is the engine's to name (can_talk).
void add_parts(const fs::path& path, ModelFacts& facts) {
  const auto names = names_of_parts(path.filename().string());
  if (!names || names->size() < 2) return;
  for (const std::string& name : *names) {
    if (name == path.filename().string()) continue;
    const auto part = GgufFile::open(path.parent_path() / name);
    if (!part) continue;
    facts.info.bytes += (*part)->file_bytes();
    for (const GgufTensor& tensor : (*part)->tensors()) facts.info.parameters += tensor.elements();
    count_types(**part, facts);
  }
}

Status trainable_in_one(const GgufFile& file, std::size_t parts) {
  if (parts < 2) return trainable(file);
  return make_error(Code::Unsupported, fmt::format("it is split into {} files, and the trainer reads one", parts),
                    "join them: llama-gguf-split --merge FIRST WHOLE.gguf");
}

// What the estimators of `plan` say of it; nothing where its numbers are not those of a plain transformer.
void estimate(const GgufFile& file, ModelFacts& facts) {
  Result<plan::Shape> shape = plan::shape_from_gguf(file);
  if (!shape) return;
  shape->file_bytes = facts.info.bytes;
  facts.talk_bytes = plan::chat_need(*shape, kContextTokens).total();
  if (!facts.can_train) return;
  if (const auto night = night_need(*shape, kSmallNight)) facts.night_bytes = night->least;
}

}  // namespace

std::string template_name(const std::string& source) {
  if (source.empty()) return "none";
  for (const TemplateMark& mark : kMarks) {
    if (source.find(mark.mark) != std::string::npos) return std::string(mark.name);
  }
  return "other";
}

Result<ModelFacts> model_facts(const fs::path& path) {
  BANCHU_TRY(const auto file, GgufFile::open(path));
  ModelFacts facts;
  facts.path = path;
  BANCHU_TRY(facts.info, model_info(*file));
  facts.parts = static_cast<std::size_t>(std::max<std::int64_t>(1, file->integer("split.count").value_or(1)));
  count_types(*file, facts);
  if (facts.parts > 1) add_parts(path, facts);
  facts.chat_template = template_name(file->text("tokenizer.chat_template").value_or(""));
  facts.can_talk = check_model(path);
  facts.can_train = trainable_in_one(*file, facts.parts);
  facts.memory_bytes = lora::available_memory_bytes();
  estimate(*file, facts);
  return facts;
}

std::string talk_line(const AppContext& context, const ModelFacts& facts) {
  if (!facts.can_talk)
    return context.said("it cannot talk: {}", translated(facts.can_talk.error().message, context.language));
  if (!facts.talk_bytes) return context.said("it can talk; how much memory that takes cannot be said");
  const std::string need = format_bytes(*facts.talk_bytes), left = format_bytes(facts.memory_bytes);
  if (facts.talks_here()) return context.said("it can talk here: it takes {}, {} are free", need, left);
  return context.said("it can talk, but not here now: it takes {}, {} are free", need, left);
}

std::string grow_line(const AppContext& context, const ModelFacts& facts) {
  if (!facts.can_train)
    return context.said("it cannot grow: {}", translated(facts.can_train.error().message, context.language));
  if (!facts.night_bytes) return context.said("it can grow; how much memory that takes cannot be said");
  const std::string need = format_bytes(*facts.night_bytes), left = format_bytes(facts.memory_bytes);
  if (facts.grows_here()) return context.said("it can grow here: a small night takes {}, {} are free", need, left);
  return context.said("it can grow, but not here now: a small night takes {}, {} are free", need, left);
}

}  // namespace banchu
