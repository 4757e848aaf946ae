// jemalloc reads this symbol at its first allocation. Training allocates the same large blocks at every step:
// pages that are kept need not be faulted in again, which otherwise takes most of a plain loop's time.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "dirty_decay_ms:-1,muzzy_decay_ms:-1,oversize_threshold:0";
}
