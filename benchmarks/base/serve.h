#pragma once

#include <functional>
#include <string>

namespace convlens::bench {

/// Serves a computation to benchmarks/peers/run.py: reads "run N" from the standard input and answers with the
/// milliseconds of N calls of `run` as a JSON list, after one that is not timed; "save PREFIX" calls `run` and
/// `save(PREFIX)`, which writes the results, and answers "saved". Says "ready" first; ends with the input.
void serve(const std::function<void()>& run, const std::function<void(const std::string&)>& save);

}  // namespace convlens::bench
