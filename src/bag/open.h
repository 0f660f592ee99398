// Opening a bag as somebody: the same as Bag::open, but the process and its clock are given. For tests of leases.
#pragma once

#include <filesystem>
#include <memory>

#include "bag/bag.h"
#include "bag/lease.h"

namespace banchu {

Result<std::unique_ptr<Bag>> open_bag_as(const std::filesystem::path& folder, Bag::Access access,
                                         const LeaseAsker& asker);

}  // namespace banchu
