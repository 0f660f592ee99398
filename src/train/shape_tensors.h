// Does a file hold exactly the tensors that its shape asks for?
#pragma once

#include <string>

#include "train/shape.h"

namespace banchu::lora {

Error unsupported(const GgufFile& file, const std::string& why);  // "<file> cannot be trained: <why>"

// Errors: Corruption (missing, of a wrong shape), Unsupported (a tensor nobody reads, a type without dequantisation).
Status check_tensors(const GgufFile& file, const ModelShape& shape);

}  // namespace banchu::lora
