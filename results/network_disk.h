#pragma once

#include <filesystem>
#include <string>

namespace ablate {

/// The name of the network file system with that magic number (statfs(2)), "" for a local one.
std::string network_disk_name(unsigned long magic);

/// The name of the network file system that holds `folder`, "" for a local one.
std::string network_disk(const std::filesystem::path& folder);

}  // namespace ablate
