#include "engine/pbqp.h"

#include <algorithm>
#include <map>

namespace convlens {
namespace {

using Costs = std::vector<double>;
using Matrix = Pbqp::Matrix;

int cheapest(const Costs& costs) { return static_cast<int>(std::ranges::min_element(costs) - costs.begin()); }

Matrix transposed(const Matrix& m) {
  Matrix t(m[0].size(), Costs(m.size()));
  for (size_t i = 0; i < m.size(); ++i)
    for (size_t j = 0; j < m[i].size(); ++j) t[j][i] = m[i][j];
  return t;
}

/// Takes nodes out of a graph until none is left, then gives them their choices in the opposite order.
class Reduction {
 public:
  explicit Reduction(std::vector<Costs> nodes)
      : nodes_(std::move(nodes)), edges_(nodes_.size()), gone_(nodes_.size()) {}

  void add_edge(int from, int to, const Matrix& costs) {
    add(edges_[static_cast<size_t>(from)][to], costs);
    add(edges_[static_cast<size_t>(to)][from], transposed(costs));
  }

  std::vector<int> solve() {
    for (size_t i = 0; i < nodes_.size(); ++i) take_out(next());
    std::vector<int> choices(nodes_.size());
    for (auto node = order_.rbegin(); node != order_.rend(); ++node) choices[*node] = best_given(*node, choices);
    return choices;
  }

 private:
  using Neighbours = std::map<int, Matrix>;  // [own choice][neighbour's choice]

  static void add(Matrix& to, const Matrix& costs) {
    if (to.empty()) to.assign(costs.size(), Costs(costs[0].size()));
    for (size_t i = 0; i < costs.size(); ++i)
      for (size_t j = 0; j < costs[i].size(); ++j) to[i][j] += costs[i][j];
  }

  // The node of the fewest neighbours; where all have more than two, that of the most, whose choice frees the most.
  size_t next() const {
    const size_t none = nodes_.size();
    size_t fewest = none, most = none;
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (gone_[i]) continue;
      if (fewest == none || edges_[i].size() < edges_[fewest].size()) fewest = i;
      if (most == none || edges_[i].size() > edges_[most].size()) most = i;
    }
    return edges_[fewest].size() <= 2 ? fewest : most;
  }

  void take_out(size_t node) {
    const Neighbours& neighbours = edges_[node];
    if (neighbours.size() == 1) fold_into_one(node);
    if (neighbours.size() == 2) fold_into_two(node);
    if (neighbours.size() > 2) decide(node);
    for (const auto& [other, costs] : neighbours) edges_[static_cast<size_t>(other)].erase(static_cast<int>(node));
    gone_[node] = true;
    order_.push_back(node);
  }

  void fold_into_one(size_t node) {
    const auto& [other, costs] = *edges_[node].begin();
    Costs& theirs = nodes_[static_cast<size_t>(other)];
    for (size_t j = 0; j < theirs.size(); ++j) {
      Costs sums = nodes_[node];
      for (size_t i = 0; i < sums.size(); ++i) sums[i] += costs[i][j];
      theirs[j] += sums[static_cast<size_t>(cheapest(sums))];
    }
  }

  void fold_into_two(size_t node) {
    const auto& [a, to_a] = *edges_[node].begin();
    const auto& [b, to_b] = *edges_[node].rbegin();
    Matrix between(to_a[0].size(), Costs(to_b[0].size()));
    for (size_t j = 0; j < between.size(); ++j)
      for (size_t k = 0; k < between[j].size(); ++k) {
        Costs sums = nodes_[node];
        for (size_t i = 0; i < sums.size(); ++i) sums[i] += to_a[i][j] + to_b[i][k];
        between[j][k] = sums[static_cast<size_t>(cheapest(sums))];
      }
    add_edge(a, b, between);
  }

  // All choices but one become dear; the neighbours pay what the one costs them.
  void decide(size_t node) {
    Costs sums = nodes_[node];
    for (const auto& [other, costs] : edges_[node])
      for (size_t i = 0; i < sums.size(); ++i) {
        Costs theirs = nodes_[static_cast<size_t>(other)];
        for (size_t j = 0; j < theirs.size(); ++j) theirs[j] += costs[i][j];
        sums[i] += theirs[static_cast<size_t>(cheapest(theirs))];
      }
    const auto choice = static_cast<size_t>(cheapest(sums));
    decided_[node] = static_cast<int>(choice);
    for (const auto& [other, costs] : edges_[node]) {
      Costs& theirs = nodes_[static_cast<size_t>(other)];
      for (size_t j = 0; j < theirs.size(); ++j) theirs[j] += costs[choice][j];
    }
  }

  // The neighbours that a node had when it was taken out have made their choices by now.
  int best_given(size_t node, const std::vector<int>& choices) const {
    if (const auto it = decided_.find(node); it != decided_.end()) return it->second;
    Costs sums = nodes_[node];
    for (const auto& [other, costs] : edges_[node])
      for (size_t i = 0; i < sums.size(); ++i)
        sums[i] += costs[i][static_cast<size_t>(choices[static_cast<size_t>(other)])];
    return cheapest(sums);
  }

  std::vector<Costs> nodes_;
  std::vector<Neighbours> edges_;
  std::vector<bool> gone_;
  std::vector<size_t> order_;
  std::map<size_t, int> decided_;
};

}  // namespace

int Pbqp::add_node(std::vector<double> costs) {
  nodes_.push_back(std::move(costs));
  return static_cast<int>(nodes_.size()) - 1;
}

void Pbqp::add_edge(int from, int to, const Matrix& costs) { edges_.push_back({from, to, costs}); }

std::vector<int> Pbqp::solve() const {
  Reduction reduction(nodes_);
  for (const Edge& edge : edges_) reduction.add_edge(edge.from, edge.to, edge.costs);
  return reduction.solve();
}

}  // namespace convlens
