// Verbs below `model` that have a file of their own; add_model_verbs calls them.
#pragma once

#include "app/verbs.h"

namespace banchu {

void add_model_pull_verb(CLI::App& model, AppContext& context);
void add_model_inspect_verb(CLI::App& model, AppContext& context);

}  // namespace banchu
