// The verb `export lessons`: add_export_verbs puts it beside the others of its group.
#pragma once

#include <CLI/CLI.hpp>

#include "app/context.h"

namespace banchu {

void add_export_lessons_verb(CLI::App& group, AppContext& context);

}  // namespace banchu
