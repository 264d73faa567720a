#include "benchmarks/kernel_bench/contest.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "benchmarks/kernel_bench/contestant.h"
#include "kernels/base/cpu/blocked_layout.h"
#include "kernels/base/error.h"

namespace convlens::bench {
namespace {

struct Candidate {
  const Variant* variant;
  Problem problem;
};

std::string layout_of(const Problem& problem) {
  const std::string from = to_string(problem.inputs[0].layout), to = to_string(problem.output.layout);
  return from == to ? from : from + ">" + to;
}

std::vector<Candidate> candidates(const BenchProblem& origin, const ContestOptions& options) {
  std::vector<Candidate> list;
  std::set<std::string> seen;
  for (const Variant* variant : variants(origin.c.op, options.pass, options.device)) {
    if (!options.variants.empty() && !std::ranges::count(options.variants, variant->name)) continue;
    for (const Layout layout : {cpu_blocked_layout(), Layout::nchw, Layout::nhwc}) {
      Problem problem = origin.problem(DataType::f32, layout);
      if (options.pass != Pass::forward) problem.activation.reset();
      if (variant->layouts) {
        const IoLayout io = variant->layouts(problem);
        for (TensorDesc& input : problem.inputs) input.layout = io.input;
        problem.output.layout = io.output;
      }
      if (seen.insert(variant->name + layout_of(problem)).second) list.push_back({variant, problem});
    }
  }
  return list;
}

std::string refusal_of(const Candidate& c) {
  if (c.problem.activation && !c.variant->fuses_activation) return "does not fuse the activation";
  return c.variant->refuses ? c.variant->refuses(c.problem).value_or("") : "";
}

double bytes_of_each(const std::vector<TensorDesc>& tensors) {
  double bytes = 0;
  for (const TensorDesc& t : tensors) bytes += static_cast<double>(t.shape.elements()) * 4;
  return bytes;
}

double fewest_bytes(const BenchProblem& origin, Pass pass) {
  const Problem p = origin.problem(DataType::f32, Layout::nchw);
  const double inputs = bytes_of_each(p.inputs), weights = bytes_of_each(p.weights), output = bytes_of_each({p.output});
  const Saved saved = operator_by_name(origin.c.op).saved(p, pass);
  if (pass == Pass::backward_data)
    return output + weights + inputs + (saved.inputs ? inputs : 0) + (saved.output ? output : 0) +
           static_cast<double>(saved.bytes);
  return inputs + weights + output;
}

// max |error| / max |truth| over all results; NaN stays NaN.
double relative_error(const std::vector<Array>& found, const std::vector<Array>& truth) {
  double worst = 0;
  for (size_t k = 0; k < truth.size(); ++k) {
    double scale = 0, error = 0;
    for (size_t i = 0; i < truth[k].values.size(); ++i) {
      const double difference = std::abs(static_cast<double>(found[k].values[i]) - truth[k].values[i]);
      scale = std::max(scale, std::abs(static_cast<double>(truth[k].values[i])));
      if (!(difference <= error)) error = difference;
    }
    if (const double relative = scale > 0 ? error / scale : error; !(relative <= worst)) worst = relative;
  }
  return worst;
}

std::vector<Array> reference_results(const BenchProblem& origin, Pass pass, const HostValues& values) {
  Problem problem = origin.problem(DataType::f64, Layout::nchw);
  if (pass != Pass::forward) problem.activation.reset();
  Contestant loops(*variants(origin.c.op, pass, Device::reference).at(0), origin, problem, values);
  loops.run();
  return loops.results();
}

}  // namespace

const Entry* Contest::fastest() const {
  const Entry* best = nullptr;
  for (const Entry& e : entries)
    if (e.refusal.empty() && (!best || e.timing.best < best->timing.best)) best = &e;
  return best;
}

const Entry* Contest::preferred() const {
  const auto it = std::ranges::find_if(entries, &Entry::preferred);
  return it == entries.end() ? nullptr : &*it;
}

Contest hold(const BenchProblem& origin, const ContestOptions& options) {
  Contest contest{.flops = operator_by_name(origin.c.op).flops(origin.problem(DataType::f32, Layout::nchw)),
                  .bytes = fewest_bytes(origin, options.pass)};
  const HostValues values = random_values(origin);
  std::vector<Array> truth;
  std::vector<std::unique_ptr<Contestant>> contestants;
  std::vector<std::function<void()>> calls;
  std::vector<size_t> places;
  for (const Candidate& c : candidates(origin, options)) {
    Entry entry{.variant = c.variant->name, .layout = layout_of(c.problem), .refusal = refusal_of(c)};
    if (entry.refusal.empty()) {
      auto contestant = std::make_unique<Contestant>(*c.variant, origin, c.problem, values);
      contestant->run();
      if (options.check) {
        if (truth.empty()) truth = reference_results(origin, options.pass, values);
        entry.error = relative_error(contestant->results(), truth);
        entry.wrong = !(entry.error <= c.variant->relative_error);
        if (entry.wrong) entry.refusal = "WRONG: relative error " + std::to_string(entry.error);
      }
      if (!entry.wrong) {
        entry.preferred = contest.preferred() == nullptr;
        calls.emplace_back([&runner = *contestant] { runner.run(); });
        contestants.push_back(std::move(contestant));
        places.push_back(contest.entries.size());
      }
    }
    contest.entries.push_back(std::move(entry));
  }
  const auto timings = time_interleaved(calls, options.samples, options.cache);
  for (size_t i = 0; i < timings.size(); ++i) contest.entries[places[i]].timing = timings[i];
  return contest;
}

}  // namespace convlens::bench
