#pragma once

#include <string>

namespace ablate {

/// The time as ISO 8601 in UTC, for journals.
std::string utc_now();

/// A time compact enough for a file's name, in UTC.
std::string utc_stamp();

/// "42 s", "3 min 10 s", "2 h 05 min": for people.
std::string spoken_seconds(double seconds);

}  // namespace ablate
