#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/run/store.h"

namespace ablate {

/// How far a trajectory is. The words are those of the ledger's `status`.
enum class State {
  Pending,      // never started
  Running,      // somebody holds the folder
  Stale,        // held from another host that has not been heard of for long
  Crashed,      // ended without a word
  Interrupted,  // stopped with a checkpoint
  Failed,       // gave up with a message
  Blocked,      // its teacher failed
  Diverged,     // a result: the loss was not finite
  Done
};

std::string to_string(State state);

/// A trajectory's folder as its journal and its lock tell.
struct FolderState {
  State state = State::Pending;
  std::string message;                         // of the journal's `end`
  std::map<std::string, nlohmann::json> runs;  // what the newest attempt yields: key -> spec
  int attempt = 0;                             // the newest
  std::int64_t epoch = 0;       // the last finished one of the newest attempt or those it goes on from
  std::string host;             // of the newest attempt
  std::int64_t peak_bytes = 0;  // the largest of all attempts
};

/// Told from the journal alone: what ended without a word counts as crashed.
FolderState state_of(const std::vector<nlohmann::json>& journal);

/// Told from the journal and the lock.
FolderState inspect(const Store& store, const std::string& trajectory);

/// The keys of all trajectories that have a folder, sorted.
std::vector<std::string> stored_trajectories(const Store& store);

}  // namespace ablate
