// SVG to PNG (librsvg, cairo).
//
// Threads: one at a time. Errors: InvalidArgument (no SVG), Internal (out of memory).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace banchu {

// `scale` 2: twice as many pixels as the drawing has units, for sharp screens and print.
Result<std::string> svg_to_png(std::string_view svg, double scale = 2);

// Whether some font of this machine has Hangul. Without one a PNG shows boxes (an SVG takes its reader's fonts).
bool has_hangul_font();

}  // namespace banchu
