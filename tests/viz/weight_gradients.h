#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "engine/session.h"
#include "viz/optimisation/objective.h"
#include "viz/training/training_graph.h"

namespace convlens::test {

/// The objective with all of double's digits, on the device `reference`.
inline double exact_objective(Session& session, const std::vector<viz::Term>& terms) {
  session.reload_weights();
  session.forward();
  double sum = 0;
  for (const viz::Term& term : terms) {
    const std::string& layer = term.loss.layer;
    sum += term.weight * session.dot(layer, Array(session.plan().values.at(layer).desc.shape, 1));
  }
  return sum;
}

/// Every seventh weight's gradient is that of finite differences. The session has weight gradients, and its inputs.
inline void expect_gradients_of_differences(Session& session, const std::vector<viz::Term>& terms,
                                            const std::vector<viz::Parameter>& parameters) {
  viz::Objective(terms).evaluate(session);
  std::map<std::string, std::vector<Array>> gradients;
  for (const viz::Parameter& parameter : parameters)
    gradients[parameter.layer] = session.weight_gradients(parameter.layer);
  const float step = 0x1p-16F;
  for (const viz::Parameter& parameter : parameters)
    for (size_t i = 0; i < parameter.values.size(); i += 7) {
      float& value = parameter.values[i];
      const float before = value;
      value = before + step;
      const double up = value, more = exact_objective(session, terms);
      value = before - step;
      const double down = value, less = exact_objective(session, terms);
      value = before;
      const double expected = (more - less) / (up - down);
      const double found = gradients[parameter.layer][parameter.index].values[i];
      EXPECT_NEAR(found, expected, 1e-3 * std::abs(expected) + 1e-4) << parameter.name << " [" << i << "]";
    }
}

}  // namespace convlens::test
