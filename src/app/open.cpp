#include "app/open.h"

#include <fmt/format.h>

#include <cstdlib>

#include "app/adapters.h"
#include "model/model_digest.h"

namespace banchu {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kShownDigits = 12;

// A self's base by its digest: the bag's link, or a file of the shared folder when the bag came from another machine.
Result<fs::path> find_base(const Bag& bag, const std::string& digest) {
  const fs::path link = link_path(bag, digest);
  std::error_code failure;
  if (fs::exists(link, failure)) return link;
  for (const fs::path& file : shared_models()) {
    const Result<std::string> found = model_digest(file);
    if (found && *found == digest) return file;
  }
  const bool dangles = fs::is_symlink(link, failure);
  const std::string where =
      dangles ? fmt::format("; it was linked to {}", fs::read_symlink(link, failure).string()) : "";
  return make_error(
      Code::NotFound,
      fmt::format("the base model {} of this bag is not on this machine{}", digest.substr(0, kShownDigits), where),
      "bring the file and run `banchu model add FILE`");
}

Result<fs::path> find_named(Bag* bag, const std::string& name) {
  std::error_code failure;
  if (fs::is_directory(name, failure)) {
    return make_error(Code::InvalidArgument, name + " is a folder", "--model takes a GGUF file");
  }
  if (fs::exists(name, failure)) return fs::path(name);
  const fs::path shared = shared_models_folder() / name;
  if (name.find('/') == std::string::npos && fs::exists(shared, failure)) return shared;
  if (bag != nullptr && name.find('/') == std::string::npos) {
    BANCHU_TRY(const std::string digest, find_linked_model(*bag, name));
    return find_base(*bag, digest);
  }
  return make_error(Code::NotFound, fmt::format("there is no model file {}", name),
                    "`banchu model list` shows what is there");
}

Status speak_as_self(Companion& companion) {
  if (!companion.self) return {};
  companion.adapters = adapters_of(*companion.bag, *companion.self);
  BANCHU_TRY_STATUS(check_adapters(companion.adapters));
  return companion.session->set_adapters(companion.adapters);
}

Status find_self(Companion& companion) {
  if (companion.bag == nullptr) return {};
  if (companion.bag->is_read_only()) {
    BANCHU_TRY(companion.self, awake_self(*companion.bag));
  } else {
    BANCHU_TRY(companion.self, awake_or_begin(*companion.bag, *companion.model));
  }
  if (!companion.self) return {};
  const Status fits = check_base(*companion.self, companion.model->digest());
  // In the sandbox another model may be tried beside a self that is nothing but its own model.
  const bool is_try = companion.bag->is_read_only() && companion.self->adapters.empty();
  if (!fits && is_try) {
    companion.self.reset();
    return {};
  }
  return fits;
}

}  // namespace

fs::path bag_folder(const AppContext& context) {
  if (!context.options.bag.empty()) return context.options.bag;
  const char* environment = std::getenv("BANCHU_BAG");
  return environment != nullptr && *environment != '\0' ? environment : "workspace";
}

bool bag_exists(const AppContext& context) {
  std::error_code failure;
  // A bag that has lost its bag.json is a damaged bag, not the absence of one: opening it says so.
  return fs::exists(bag_folder(context) / "bag.json", failure) ||
         fs::exists(bag_folder(context) / "banchu.db", failure);
}

Result<std::unique_ptr<Bag>> open_bag(const AppContext& context, Bag::Access access) {
  return Bag::open(bag_folder(context), access);
}

Result<fs::path> find_model(const AppContext& context, Bag* bag, const Self* self) {
  if (!context.options.model.empty()) return find_named(bag, context.options.model);
  if (bag != nullptr && self != nullptr) return find_base(*bag, self->base);
  if (bag != nullptr) {
    BANCHU_TRY(const std::string digest, default_model_of(*bag));
    if (!digest.empty()) return find_base(*bag, digest);
  }
  return shared_default_model();
}

Result<std::optional<Self>> awake_self(Bag& bag) {
  Result<Self> awake = SelfStore(bag).awake();
  if (awake) return std::optional<Self>(std::move(*awake));
  if (awake.error().code == Code::NotFound) return std::optional<Self>();
  return std::move(awake).error();
}

Result<Self> awake_or_begin(Bag& bag, const Model& model) {
  BANCHU_TRY(std::optional<Self> awake, awake_self(bag));
  if (awake) return std::move(*awake);
  BANCHU_TRY_STATUS(link_model(bag, model.path(), model.digest()));
  BANCHU_TRY_STATUS(set_default_model(bag, model.digest()));
  return SelfStore(bag).begin(model.digest(), now());
}

std::vector<AdapterUse> adapters_of(const Bag& bag, const Self& self) {
  std::vector<AdapterUse> uses;
  for (const SelfAdapter& adapter : self.adapters) {
    uses.push_back({adapter.digest, bag.adapter_path(adapter.digest), static_cast<float>(adapter.scale)});
  }
  return uses;
}

Status check_base(const Self& self, const std::string& digest) {
  if (self.base == digest) return {};
  return make_error(
      Code::FailedPrecondition,
      fmt::format("self {} grew from the model {}, and this model is {}", self.id, self.base.substr(0, kShownDigits),
                  digest.substr(0, kShownDigits)),
      "leave --model away; another model needs a bag of its own: `banchu --bag DIR --model FILE bag init`");
}

Result<Companion> open_companion(const AppContext& context, const CompanionOptions& options) {
  Companion companion;
  if (options.needs_bag || bag_exists(context)) {
    BANCHU_TRY(companion.bag, open_bag(context, options.access));
  }
  std::optional<Self> awake;
  if (companion.bag != nullptr) {
    BANCHU_TRY(awake, awake_self(*companion.bag));
  }
  BANCHU_TRY(const fs::path file, find_model(context, companion.bag.get(), awake ? &*awake : nullptr));
  BANCHU_TRY(companion.model, Model::load(file));
  BANCHU_TRY_STATUS(find_self(companion));
  SessionOptions session = options.session;
  session.threads = context.options.threads;
  BANCHU_TRY(companion.session, Session::open(companion.model, session));
  BANCHU_TRY_STATUS(speak_as_self(companion));
  return companion;
}

}  // namespace banchu
