#pragma once

#include <filesystem>

namespace ablate {

/// Says that this process is the one that writes a ledger: `<ledger>.lock`, held by flock until destroyed or
/// the process ends. Throws LedgerBusy, with the holder's pid, when another one holds it.
class WriterLock {
 public:
  explicit WriterLock(const std::filesystem::path& ledger);
  ~WriterLock();
  WriterLock(WriterLock&& other) noexcept;
  WriterLock& operator=(WriterLock&&) = delete;

 private:
  int file_ = -1;
};

}  // namespace ablate
