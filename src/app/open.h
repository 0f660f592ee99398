// Opens what a verb needs: the bag, the model, the self that is awake, and a session that speaks as it.
//
// Errors: NotFound (no bag, no model; the hint says how to get one), FailedPrecondition (a self that grew from
// another model), and those of bag/bag.h and model/model.h.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/context.h"
#include "app/models.h"
#include "bag/bag.h"
#include "base/result.h"
#include "model/model.h"
#include "promote/promote.h"

namespace banchu {

std::filesystem::path bag_folder(const AppContext& context);  // --bag, $BANCHU_BAG, ./workspace
bool bag_exists(const AppContext& context);
Result<std::unique_ptr<Bag>> open_bag(const AppContext& context, Bag::Access access);

// The file to load: --model (a path, or a digest prefix of a model in the bag), else `self`'s base, else the bag's
// default, else the shared folder's default. `bag` and `self` may be null.
Result<std::filesystem::path> find_model(const AppContext& context, Bag* bag, const Self* self);

// The awake self, or nothing in a bag that has never been given a base model.
Result<std::optional<Self>> awake_self(Bag& bag);
// The awake self; the first one is begun (and `model` linked) when a writable bag has none yet.
Result<Self> awake_or_begin(Bag& bag, const Model& model);

// The adapters of a self as a session takes them, in order.
std::vector<AdapterUse> adapters_of(const Bag& bag, const Self& self);

// Fails when `self` did not grow from the model with `digest`.
Status check_base(const Self& self, const std::string& digest);

struct Companion {
  std::unique_ptr<Bag> bag;  // null in a sandbox where no bag is
  std::shared_ptr<Model> model;
  std::unique_ptr<Session> session;
  std::optional<Self> self;  // empty: the bare model
  std::vector<AdapterUse> adapters;
};

struct CompanionOptions {
  Bag::Access access = Bag::Access::read_write;
  bool needs_bag = true;   // false: where no bag is, the bare model speaks (sandbox)
  SessionOptions session;  // threads are taken from the global options
};
Result<Companion> open_companion(const AppContext& context, const CompanionOptions& options);

}  // namespace banchu
