// What an export is made of: a self's adapters, or adapters from files, each with a weight; read and checked on the
// base.
//
// Errors: those of app/open.h and exchange/exchange.h; InvalidArgument (a weight that is no number).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/context.h"
#include "base/json.h"
#include "exchange/exchange.h"

namespace banchu {

struct ExportSource {
  std::shared_ptr<const GgufFile> base;
  std::string self;                    // "" when only files were named
  std::vector<WeightedAdapter> terms;  // empty: the bare base
  Json described = Json::array();      // [{"adapter","weight","rank"}...]
};

// `self`: an id, or "" for who is awake, unless `files` ("PATH" or "PATH=WEIGHT") are given.
Result<ExportSource> open_export_source(const AppContext& context, const std::string& self,
                                        const std::vector<std::string>& files);

}  // namespace banchu
