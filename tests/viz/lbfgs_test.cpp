// L-BFGS and Adam on functions whose minima and paths are known from elsewhere (tools/make_optimisation_golden.py);
// what L-BFGS promises of each of its steps; that it goes on from a saved state; and that it says why it stops.

#include "viz/optimisation/lbfgs.h"

#include <gtest/gtest.h>

#include <fstream>

#include "kernels/base/json.h"
#include "tests/viz/test_functions.h"
#include "viz/training/optimizer.h"

namespace convlens::test {
namespace {

using viz::Lbfgs;
using viz::LbfgsParams;

Json golden() {
  return Json::parse(std::ifstream(std::string(CONVLENS_SOURCE_DIR) + "/tests/viz/optimisation_golden.json"));
}

double product(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

/// A minimisation and what its function was asked.
struct Descent {
  Descent(Function f, std::span<const float> start, const LbfgsParams& params = {})
      : function(std::move(f)), gradient(start.size()), lbfgs(params, start) {}

  void evaluate() {
    ++evaluations;
    value = function(lbfgs.point(), gradient);
    lbfgs.tell(value, gradient);
  }

  void run(int64_t most) {
    for (const int64_t last = evaluations + most; evaluations < last && !lbfgs.stopped();) evaluate();
  }

  Function function;
  std::vector<float> gradient;
  double value = 0;
  Lbfgs lbfgs;
  int64_t evaluations = 0;
};

Descent descent_of(const std::string& problem, const LbfgsParams& params = {}) {
  return {test_problems().at(problem).function, test_problems().at(problem).start, params};
}

LbfgsParams to_the_end() {
  LbfgsParams params;
  params.value_tolerance = 0;
  return params;
}

TEST(Lbfgs, EndsWhereSciPyEnds) {
  const Json expected = golden();
  for (const auto& [name, minimum] : expected.at("minima").items()) {
    Descent descent = descent_of(name, to_the_end());
    descent.run(2000);
    EXPECT_TRUE(descent.lbfgs.stopped()) << name << ": " << descent.value;
    EXPECT_TRUE(std::abs(descent.lbfgs.value() - minimum.at("value").get<double>()) <= 1e-9)
        << name << ": " << descent.lbfgs.value();
    const auto x = minimum.at("x").get<std::vector<double>>();
    for (size_t i = 0; i < x.size(); ++i)
      ASSERT_TRUE(std::abs(descent.lbfgs.point()[i] - x[i]) <= 2e-5)
          << name << " at " << i << ": " << descent.lbfgs.point()[i] << ", expected " << x[i];
  }
}

TEST(Lbfgs, IsAboutAsFastAsSciPy) {
  const Json expected = golden();
  for (const auto& [name, minimum] : expected.at("minima").items()) {
    Descent descent = descent_of(name);
    descent.evaluate();
    const double least = minimum.at("value"), nearly = least + 1e-6 * (descent.value - least);
    while (!(descent.value <= nearly) && !descent.lbfgs.stopped()) descent.evaluate();
    EXPECT_TRUE(descent.value <= nearly) << name << ": " << descent.lbfgs.reason();
    EXPECT_LE(descent.evaluations, 1.25 * minimum.at("evaluations").get<double>() + 5) << name;
  }
}

TEST(Lbfgs, EachStepMeetsTheStrongWolfeConditions) {
  for (const auto& [name, problem] : test_problems()) {
    Descent descent = descent_of(name);
    descent.evaluate();
    for (int64_t step = 1; step <= 20 && !descent.lbfgs.stopped(); ++step) {
      const std::vector<float> from(descent.lbfgs.iterate().begin(), descent.lbfgs.iterate().end());
      const std::vector<float> before = descent.gradient;
      std::vector<float> moved, gradient_before(from.size());
      const double value_before = problem.function(from, gradient_before);
      while (descent.lbfgs.iterations() < step && !descent.lbfgs.stopped()) descent.evaluate();
      if (descent.lbfgs.iterations() < step) break;
      for (size_t i = 0; i < from.size(); ++i) moved.push_back(descent.lbfgs.iterate()[i] - from[i]);
      const double slope_before = product(gradient_before, moved), slope = product(descent.gradient, moved);
      // Points are rounded to floats, so the step taken is not quite along the direction.
      EXPECT_TRUE(descent.value <= value_before + 0.99e-4 * slope_before) << name << ", step " << step;
      EXPECT_TRUE(std::abs(slope) <= 0.901 * std::abs(slope_before)) << name << ", step " << step;
      EXPECT_TRUE(slope_before < 0) << name << ", step " << step;
    }
  }
}

TEST(Lbfgs, GoesOnFromASavedStateToTheSameBits) {
  for (const auto& [name, problem] : test_problems()) {
    Descent continuous = descent_of(name);
    for (int64_t cut = 0; cut < 60 && !continuous.lbfgs.stopped(); ++cut) {
      const auto saved = Json::to_cbor(continuous.lbfgs.state());
      Descent resumed = descent_of(name);
      resumed.run(3);  // what it knew is forgotten
      resumed.lbfgs.restore(Json::from_cbor(saved));
      ASSERT_EQ(continuous.lbfgs.state(), resumed.lbfgs.state()) << name << ", cut after " << cut;
      Descent whole = continuous;
      whole.run(30);
      resumed.run(whole.evaluations - continuous.evaluations);
      ASSERT_EQ(whole.lbfgs.state(), resumed.lbfgs.state()) << name << ", cut after " << cut;
      continuous.evaluate();
    }
  }
}

TEST(Lbfgs, SaysWhyItStops) {
  LbfgsParams params;
  params.gradient_tolerance = 1e-3;
  Descent flat = descent_of("rosenbrock_2", params);
  flat.run(100);
  EXPECT_NE(flat.lbfgs.reason().find("the gradient's largest component is"), std::string::npos) << flat.lbfgs.reason();
  params = {};
  params.value_tolerance = 0.1;
  Descent slow = descent_of("softplus_30", params);
  slow.run(100);
  EXPECT_NE(slow.lbfgs.reason().find("changed the value by a part of 0.0"), std::string::npos) << slow.lbfgs.reason();
}

TEST(Lbfgs, StopsAtTheLastGoodPointWhereThereAreNoNumbers) {
  const Function breaks = [](std::span<const float> x, std::span<float> gradient) {
    gradient[0] = -1;
    return x[0] > 3 ? std::nan("") : -x[0];
  };
  Descent descent(breaks, std::vector<float>{0});
  descent.run(100);
  EXPECT_EQ(descent.lbfgs.reason(), "value or gradient is no number");
  EXPECT_EQ(descent.lbfgs.point()[0], 0);
}

TEST(Lbfgs, GivesUpASearchThatFindsNothing) {
  const Function uphill = [](std::span<const float> x, std::span<float> gradient) {
    gradient[0] = -1;  // a lie
    return x[0];
  };
  Descent descent(uphill, std::vector<float>{1});
  descent.run(1000);
  EXPECT_EQ(descent.lbfgs.reason(), "the line search along the steepest descent found no step after 20 evaluations");
  EXPECT_EQ(descent.evaluations, 21);
  EXPECT_EQ(descent.lbfgs.value(), 1);
}

// After a few good steps the gradient turns round: first without what was remembered, then no more.
TEST(Lbfgs, TriesTheSteepestDescentBeforeItGivesUp) {
  int64_t asked = 0;
  const Function turns = [&](std::span<const float> x, std::span<float> gradient) {
    const double value = rosenbrock(x, gradient);
    if (++asked > 15)
      for (float& g : gradient) g = -g;
    return value;
  };
  Descent descent(turns, std::vector<float>{-1.2F, 1});
  descent.run(1000);
  EXPECT_NE(descent.lbfgs.reason().find("steepest descent"), std::string::npos) << descent.lbfgs.reason();
  EXPECT_GT(descent.evaluations, 15 + 20);
}

// A start whose first step is far too short or too long by any factor.
TEST(Lbfgs, DoesNotDependOnTheScaleOfTheVariables) {
  for (const double scale : {1e-6, 1e6}) {
    const Function stretched = [&](std::span<const float> x, std::span<float> gradient) {
      const double away = x[0] / scale - 1;
      gradient[0] = static_cast<float>(2 * away / scale);
      return away * away + 1;
    };
    Descent descent(stretched, std::vector<float>{0}, to_the_end());
    descent.run(60);
    EXPECT_TRUE(std::abs(descent.lbfgs.point()[0] / scale - 1) <= 1e-3) << scale << ": " << descent.lbfgs.reason();
  }
}

TEST(Adam, TakesTheSamePathAsAnIndependentOne) {
  const Json adam = golden().at("adam");
  const TestProblem& problem = test_problems().at(adam.at("function"));
  Json keys = adam.at("params");
  keys["name"] = "adam";
  viz::Optimizer optimizer(keys, "test");
  std::vector<float> x = problem.start, gradient(x.size());
  for (const Json& expected : adam.at("path")) {
    problem.function(x, gradient);
    optimizer.apply(0, x, gradient, 1);
    for (size_t i = 0; i < x.size(); ++i)
      ASSERT_TRUE(std::abs(x[i] - expected.at(i).get<double>()) <= 1e-6)
          << "at " << i << ": " << x[i] << ", expected " << expected.at(i);
  }
}

}  // namespace
}  // namespace convlens::test
