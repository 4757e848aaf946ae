#include "harness/cli/command.h"

namespace ablate::cli {

const std::vector<Command>& commands() {
  static const std::vector<Command> all{
      {"validate", "check a sweep or recipe file and report every mistake", validate},
      {"plan", "show what a sweep would train, before any compute", plan},
      {"run", "train what a sweep implies and is not done yet", run},
      {"status", "how far the sweeps of a store are", status},
      {"list", "the runs of a store, one a line", list},
      {"show", "everything known about one run", show},
      {"table", "the comparison table of a sweep", table},
      {"query", "ask the ledger in SQL, read-only", query},
      {"describe", "ingredients, backbones and data sets, and their parameters", describe_entry},
      {"pack", "read a sweep's data sets into the store", pack_data},
      {"views", "write the fixed views of a sweep's images for a teacher elsewhere", views},
      {"doctor", "check a store and rebuild its ledger from the journals", doctor},
      {"version", "version, build and environment", version},
      {"worker", "train one trajectory's folder", worker, true},
  };
  return all;
}

}  // namespace ablate::cli
