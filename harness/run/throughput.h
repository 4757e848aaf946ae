#pragma once

#include <functional>

namespace ablate {

/// The fewest jobs, `most` halved again and again, that get as much done as twice as many (within a
/// twentieth): cores that share their arithmetic (hyper-threads) or a container's share of processor time are
/// not worth a job each. throughput(n): what n jobs at once get done in a second. Others on the machine only
/// ever take from that, so fewer jobs than `most` are believed after several tries, of which the most counts:
/// a job too few may double the time of a sweep, one too many costs little.
int jobs_worth_running(int most, const std::function<double(int)>& throughput);

/// Measures for a twentieth of a second how much of a training's arithmetic that many threads get done.
double measured_throughput(int threads);

}  // namespace ablate
