#include "bag/volume.h"

#include <sys/vfs.h>

#include <algorithm>
#include <array>

namespace banchu {
namespace {

// statfs(2)'s magic numbers: NFS, SMB, CIFS, SMB2, FUSE, 9P, Ceph, AFS, Coda, Lustre, GFS2, OCFS2, vboxsf.
constexpr std::array<unsigned long, 13> kNetworkTypes = {0x6969,     0x517B,     0xFF534D42, 0xFE534D42, 0x65735546,
                                                         0x01021997, 0x00C36400, 0x5346414F, 0x73757245, 0x0BD00BD0,
                                                         0x01161970, 0x7461636F, 0x786F4256};

}  // namespace

bool is_network_file_system(long type) {
  const unsigned long magic = static_cast<unsigned long>(type) & 0xFFFFFFFFUL;
  return std::find(kNetworkTypes.begin(), kNetworkTypes.end(), magic) != kNetworkTypes.end();
}

bool is_network_volume(const std::filesystem::path& folder) {
  struct statfs volume {};
  const std::filesystem::path place = folder.empty() ? "." : folder;
  return ::statfs(place.c_str(), &volume) == 0 && is_network_file_system(volume.f_type);
}

}  // namespace banchu
