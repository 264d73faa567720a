// What operators say of regions, on every case, by the reference loops: what lies outside of input_region changes
// nothing, what lies on its rim changes something, and on_piece gives a part of the output from a part of the input.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/kernels/operator_run.h"

namespace convlens::test {
namespace {

class Regions : public ::testing::TestWithParam<OperatorCase> {
 protected:
  Regions() : Regions(GetParam().problem(DataType::f64, Layout::nchw)) {}

  explicit Regions(const Problem& problem)
      : op_(operator_by_name(GetParam().op)), run_(GetParam(), problem), output_(problem.output.shape) {
    fill(run_, op_, GetParam().inputs, Fill::uniform, 7);
  }

  /// The corners of the output, its middle, and a part of more than one element.
  std::vector<Region> parts() const {
    const auto at = [](int64_t y, int64_t x) { return Region{{y, y + 1}, {x, x + 1}}; };
    const int64_t h = output_.h(), w = output_.w();
    return {at(0, 0), at(h - 1, w - 1), at(h / 2, w / 2), {{h / 3, h}, {w / 4, w - w / 4}}};
  }

  Region reads(size_t input, const Region& part) const {
    const auto& shapes = GetParam().inputs;
    return intersection(op_.input_region(*GetParam().params, shapes, input, part), whole_map(shapes[input]));
  }

  std::vector<double> answer(OperatorRun& run, const Region& part) const {
    run.run(*variants(op_.name(), Pass::forward, Device::reference).at(0));
    std::vector<double> values;
    const TensorDesc& desc = run.output[0].desc();
    for (int64_t n = 0; n < desc.shape.n(); ++n)
      for (int64_t c = 0; c < desc.shape.c(); ++c)
        for (int64_t y = part.y.begin; y < part.y.end; ++y)
          for (int64_t x = part.x.begin; x < part.x.end; ++x)
            values.push_back(run.output[0].f64()[static_cast<size_t>(desc.offset(n, c, y, x))]);
    return values;
  }

  /// The answer with other numbers wherever `changes(y, x)`.
  template <class Changes>
  std::vector<double> answer_if(size_t input, const Region& part, const Changes& changes) {
    const auto values = run_.inputs[input].f64();
    const std::vector<double> before(values.begin(), values.end());
    const TensorDesc& desc = run_.inputs[input].desc();
    std::uniform_real_distribution<double> uniform(-4, 4);
    for (int64_t n = 0; n < desc.shape.n(); ++n)
      for (int64_t c = 0; c < desc.shape.c(); ++c)
        for (int64_t y = 0; y < desc.shape.h(); ++y)
          for (int64_t x = 0; x < desc.shape.w(); ++x)
            if (changes(y, x)) values[static_cast<size_t>(desc.offset(n, c, y, x))] = uniform(random_);
    const auto result = answer(run_, part);
    std::ranges::copy(before, values.begin());
    return result;
  }

  /// Some numbers on that line change the answer.
  template <class OnLine>
  bool matters(size_t input, const Region& part, const OnLine& on_line) {
    const auto base = answer(run_, part);
    for (int attempt = 0; attempt < 50; ++attempt)
      if (answer_if(input, part, on_line) != base) return true;
    return false;
  }

  void expect_tight(size_t input, const Region& part, const Region& r) {
    const auto inside = [&](int64_t y, int64_t x) {
      return y >= r.y.begin && y < r.y.end && x >= r.x.begin && x < r.x.end;
    };
    EXPECT_TRUE(matters(input, part, [&](int64_t y, int64_t x) { return inside(y, x) && y == r.y.begin; })) << "top";
    EXPECT_TRUE(matters(input, part, [&](int64_t y, int64_t x) { return inside(y, x) && y == r.y.end - 1; }))
        << "bottom";
    EXPECT_TRUE(matters(input, part, [&](int64_t y, int64_t x) { return inside(y, x) && x == r.x.begin; })) << "left";
    EXPECT_TRUE(matters(input, part, [&](int64_t y, int64_t x) { return inside(y, x) && x == r.x.end - 1; }))
        << "right";
  }

  const Operator& op_;
  OperatorRun run_;
  Shape output_;
  Generator random_{3};
};

TEST_P(Regions, AreExactlyWhatTheOutputDependsOn) {
  for (const Region& part : parts())
    for (size_t input = 0; input < GetParam().inputs.size(); ++input) {
      const Region r = reads(input, part);
      const auto outside = [&](int64_t y, int64_t x) {
        return y < r.y.begin || y >= r.y.end || x < r.x.begin || x >= r.x.end;
      };
      EXPECT_EQ(answer_if(input, part, outside), answer(run_, part)) << "input " << input;
      // The whole map is what an operator may always say.
      if (!r.empty() && r != whole_map(GetParam().inputs[input])) expect_tight(input, part, r);
    }
}

TEST_P(Regions, OfTheInputGiveThoseOfTheOutput) {
  const auto form = op_.on_piece(*GetParam().params);
  if (!form) return;
  for (const Region& part : parts()) {
    const auto& shapes = GetParam().inputs;
    const Region r = op_.input_region(*GetParam().params, shapes, 0, part);
    OperatorCase piece = GetParam();
    piece.params = form->params;
    piece.inputs = {{shapes[0].n(), shapes[0].c(), r.y.size(), r.x.size()}};
    OperatorRun run(piece, piece.problem(DataType::f64, Layout::nchw));
    for (size_t i = 0; i < run.weights.size(); ++i)
      std::ranges::copy(run_.weights[i].f64(), run.weights[i].f64().begin());
    const TensorDesc &from = run_.inputs[0].desc(), &to = run.inputs[0].desc();
    for (int64_t n = 0; n < to.shape.n(); ++n)
      for (int64_t c = 0; c < to.shape.c(); ++c)
        for (int64_t y = 0; y < to.shape.h(); ++y)
          for (int64_t x = 0; x < to.shape.w(); ++x) {
            const Region place{{r.y.begin + y, r.y.begin + y + 1}, {r.x.begin + x, r.x.begin + x + 1}};
            const bool on_map = !intersection(place, whole_map(shapes[0])).empty();
            run.inputs[0].f64()[static_cast<size_t>(to.offset(n, c, y, x))] =
                on_map ? run_.inputs[0].f64()[static_cast<size_t>(from.offset(n, c, place.y.begin, place.x.begin))]
                       : static_cast<double>(form->beyond);
          }
    const Region all = whole_map(run.output[0].desc().shape);
    EXPECT_EQ(all, (Region{{0, part.y.size()}, {0, part.x.size()}}));
    const auto expected = answer(run_, part), found = answer(run, all);
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i) ASSERT_TRUE(std::abs(found[i] - expected[i]) <= 1e-12) << i;
  }
}

std::vector<OperatorCase> tiny_cases() {
  auto cases = read_cases(std::filesystem::path(CONVLENS_SOURCE_DIR) / "kernels");
  std::erase_if(cases, [](const OperatorCase& c) {
    const Problem problem = c.problem(DataType::f64, Layout::nchw);
    return c.bench || c.activation || problem.inputs[0].elements() > 10'000 ||
           operator_by_name(c.op).flops(problem) > 1e6;
  });
  return cases;
}

INSTANTIATE_TEST_SUITE_P(All, Regions, ::testing::ValuesIn(tiny_cases()),
                         [](const auto& info) { return info.param.op + "__" + info.param.name; });

}  // namespace
}  // namespace convlens::test
