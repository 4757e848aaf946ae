#pragma once

namespace ablate {

/// How the program ends, for scripts.
enum class ExitStatus {
  Done = 0,    // diverged runs alone are done, too
  Failed = 1,  // an unreadable file, a full disk
  Usage = 2,   // unknown command or option
  InvalidSweep = 3,
  SomeFailed = 4,   // the rest is done
  Interrupted = 5,  // can be resumed
  Ledger = 6        // busy or damaged
};

}  // namespace ablate
