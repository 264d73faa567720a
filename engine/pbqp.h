#pragma once

#include <vector>

namespace convlens {

/// A partitioned Boolean quadratic problem: each node takes one of its choices; a choice has a cost, and so has each
/// pair of choices of two nodes between which there is an edge. Choosing a network's kernels and layouts is one
/// (Anderson and Gregg, "Optimal DNN Primitive Selection with Partitioned Boolean Quadratic Programming", 2018).
class Pbqp {
 public:
  using Matrix = std::vector<std::vector<double>>;  ///< [choice of one node][choice of the other]

  int add_node(std::vector<double> costs);  ///< of each choice, at least one; returns the node's number
  /// Adds to whatever the two nodes' choices already cost together. `costs[i][j]`: `from` takes i and `to` takes j.
  void add_edge(int from, int to, const Matrix& costs);

  /// A choice for each node. Nodes of up to two neighbours are taken out one after the other, what they cost at best
  /// added to the neighbours (reductions R0 to R2 of Scholz and Eckstein, "Register Allocation for Irregular
  /// Architectures", 2002): the least sum, wherever the graph is a chain, a tree or series-parallel, as networks are
  /// but for their densest parts. Where only nodes of more neighbours are left, one of them takes what is best for
  /// itself and each neighbour alone.
  std::vector<int> solve() const;

 private:
  struct Edge {
    int from, to;
    Matrix costs;
  };

  std::vector<std::vector<double>> nodes_;
  std::vector<Edge> edges_;
};

}  // namespace convlens
