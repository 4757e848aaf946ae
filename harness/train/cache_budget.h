#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace ablate::training {

/// Makes room for `needed` bytes of exact teacher outputs under `entry`, so that all entries of `cache`
/// together stay within `budget` bytes: the ones that were not asked for longest go first. False when it does
/// not fit even alone; nothing is removed then. What `curriculum.reinforced` keeps (no `.f32` file) counts
/// and stays. Removing an entry that is in use costs time, never a bit.
bool make_room(const std::filesystem::path& cache, const std::string& entry, std::int64_t needed,
               std::int64_t budget);

}  // namespace ablate::training
