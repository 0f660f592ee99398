// The part of doctor.h that looks into the bag and at its model: opened read-only, nothing is changed.
#pragma once

#include <vector>

#include "app/doctor.h"

namespace banchu {

std::vector<DoctorFinding> examine_bag(const AppContext& context);

}  // namespace banchu
