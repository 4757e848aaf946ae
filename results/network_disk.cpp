#include "results/network_disk.h"

#include <sys/vfs.h>

#include <cstdint>
#include <utility>

namespace ablate {

std::string network_disk_name(unsigned long magic) {
  // linux/magic.h, and the file systems' own sources for those outside the kernel
  constexpr std::pair<std::uint32_t, const char*> kKnown[] = {
      {0x6969, "NFS"},        {0x517b, "SMB"},       {0xfe534d42, "SMB"},      {0xff534d42, "CIFS"},
      {0x0bd00bd0, "Lustre"}, {0x47504653, "GPFS"},  {0x00c36400, "Ceph"},     {0x65735546, "FUSE"},
      {0x19830326, "BeeGFS"}, {0xaad7aaea, "PanFS"}, {0x5346414f, "AFS"},      {0x6b414653, "AFS"},
      {0x73757245, "Coda"},   {0x01021997, "9P"},    {0x20030528, "OrangeFS"}, {0x01161970, "GFS2"},
      {0x7461636f, "OCFS2"},  {0x564c, "NCP"}};
  for (const auto& [known, name] : kKnown)
    if (known == static_cast<std::uint32_t>(magic)) return name;
  return "";
}

std::string network_disk(const std::filesystem::path& folder) {
  struct statfs status {};
  if (statfs(folder.c_str(), &status) != 0) return "";
  return network_disk_name(static_cast<unsigned long>(status.f_type));
}

}  // namespace ablate
