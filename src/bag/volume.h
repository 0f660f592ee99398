// What kind of disk the bag lies on.
#pragma once

#include <filesystem>

namespace banchu {

// True for file systems that share a folder between machines or with user space, where SQLite's shared memory is
// absent or, worse, works on one machine only.
bool is_network_volume(const std::filesystem::path& folder);
bool is_network_file_system(long type);  // statfs's f_type

}  // namespace banchu
