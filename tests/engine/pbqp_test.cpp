#include "engine/pbqp.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace convlens::test {
namespace {

/// A problem that remembers what it was made of, to add up what choices cost.
class Costed {
 public:
  explicit Costed(uint64_t seed) : random_(seed) {}

  int node(int choices) {
    nodes_.push_back(numbers(choices));
    return problem_.add_node(nodes_.back());
  }

  void edge(int from, int to) {
    Pbqp::Matrix costs;
    for (size_t i = 0; i < nodes_[static_cast<size_t>(from)].size(); ++i)
      costs.push_back(numbers(static_cast<int>(nodes_[static_cast<size_t>(to)].size())));
    edges_.push_back({from, to, costs});
    problem_.add_edge(from, to, costs);
  }

  double cost(const std::vector<int>& choices) const {
    double sum = 0;
    for (size_t i = 0; i < nodes_.size(); ++i) sum += nodes_[i][static_cast<size_t>(choices[i])];
    for (const auto& [from, to, costs] : edges_)
      sum += costs[static_cast<size_t>(choices[static_cast<size_t>(from)])]
                  [static_cast<size_t>(choices[static_cast<size_t>(to)])];
    return sum;
  }

  double least() const {
    std::vector<int> choices(nodes_.size());
    double best = std::numeric_limits<double>::infinity();
    for (bool more = true; more; more = advance(choices)) best = std::min(best, cost(choices));
    return best;
  }

  double solved() const { return cost(problem_.solve()); }

 private:
  struct Edge {
    int from, to;
    Pbqp::Matrix costs;
  };

  std::vector<double> numbers(int count) {
    std::uniform_real_distribution<double> uniform(0, 1);
    std::vector<double> list;
    for (int i = 0; i < count; ++i) list.push_back(uniform(random_));
    return list;
  }

  bool advance(std::vector<int>& choices) const {
    for (size_t i = 0; i < choices.size(); ++i) {
      if (++choices[i] < static_cast<int>(nodes_[i].size())) return true;
      choices[i] = 0;
    }
    return false;
  }

  std::mt19937_64 random_;
  Pbqp problem_;
  std::vector<std::vector<double>> nodes_;
  std::vector<Edge> edges_;
};

TEST(Pbqp, TakesTheCheapestChoiceOfALoneNode) {
  Pbqp problem;
  problem.add_node({3, 1, 2});
  EXPECT_EQ(problem.solve(), std::vector{1});
}

TEST(Pbqp, FindsTheLeastCostOfAChain) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Costed chain(seed);
    for (int i = 0; i < 8; ++i) {
      chain.node(1 + (i + static_cast<int>(seed)) % 4);
      if (i > 0) chain.edge(i - 1, i);
    }
    EXPECT_DOUBLE_EQ(chain.solved(), chain.least()) << seed;
  }
}

TEST(Pbqp, FindsTheLeastCostOfBranchesThatMeetAgain) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Costed graph(seed);  // two residual blocks, and two edges between the same nodes
    for (int i = 0; i < 7; ++i) graph.node(3);
    for (const auto& [from, to] : {std::pair{0, 1}, {1, 2}, {2, 3}, {0, 3}, {3, 4}, {5, 4}, {5, 6}, {3, 6}, {3, 6}})
      graph.edge(from, to);
    EXPECT_DOUBLE_EQ(graph.solved(), graph.least()) << seed;
  }
}

TEST(Pbqp, IsNearTheLeastCostWhereAllAreNeighbours) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Costed graph(seed);
    for (int i = 0; i < 6; ++i) {
      graph.node(3);
      for (int j = 0; j < i; ++j) graph.edge(j, i);
    }
    EXPECT_LE(graph.solved(), 1.35 * graph.least()) << seed;
  }
}

}  // namespace
}  // namespace convlens::test
