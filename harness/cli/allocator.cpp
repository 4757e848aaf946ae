// jemalloc reads this symbol at its first allocation. Training allocates the same large blocks at every step:
// pages that are kept need not be faulted in again, which otherwise takes most of a plain loop's time.
// By default it fills only holes of at most 64 times the size asked for: with pages kept for ever, holes
// merge into larger ones, small blocks then always take new pages, and a network of many small maps grows by
// gigabytes (measured: 3.2 GB against 0.26 GB for GhostNetV2 at width 0.25, at the same speed). So every hole
// may be used. Huge pages (thp) are worth 2 to 3 % of a training step, where the system leaves them to programs.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf =
    "dirty_decay_ms:-1,muzzy_decay_ms:-1,oversize_threshold:0,lg_extent_max_active_fit:30,thp:always";
}
