#include <gtest/gtest.h>

#include "benchmarks/kernel_bench/contest.h"
#include "benchmarks/kernel_bench/conv2d_text.h"
#include "kernels/base/error.h"
#include "kernels/conv2d/conv2d.h"

namespace convlens::bench {
namespace {

// A variant of the tests' own, which the planner would never take: it gives half of each input that is not negative.
void half_relu(const Problem& problem, const Arguments& args) {
  for (int64_t i = 0; i < problem.output.elements(); ++i)
    args.output.f32()[i] = std::max(0.0F, args.inputs[0].f32()[i]) / 2;
}

const RegisterVariant wrong("relu", {.name = "half", .priority = -1000, .prepare = stateless(half_relu)});
const RegisterVariant refuses("relu",
                              {.name = "choosy",
                               .priority = -1001,
                               .refuses = [](const Problem&) { return std::optional<std::string>("needs luck"); },
                               .prepare = stateless(half_relu)});

BenchProblem small_relu() {
  return {{.op = "relu", .name = "small", .params = operator_by_name("relu").new_params(), .inputs = {{1, 5, 4, 3}}}};
}

TEST(Conv2dText, NamesEverySize) {
  const OperatorCase c = conv2d_from_text("n2c6h56w48k64r3s5p1u2d3g2b0");
  const auto& params = static_cast<const Conv2dParams&>(*c.params);
  EXPECT_EQ(c.inputs.at(0), (Shape{2, 6, 56, 48}));
  EXPECT_EQ(params.out_channels, 64);
  EXPECT_EQ(params.window.kernel, (Pair{3, 5}));
  EXPECT_EQ(params.window.stride, (Pair{2, 2}));
  EXPECT_EQ(params.window.dilation, (Pair{3, 3}));
  EXPECT_EQ(params.window.padding, (Padding{1, 1, 1, 1, false}));
  EXPECT_EQ(params.groups, 2);
  EXPECT_FALSE(params.bias);
}

TEST(Conv2dText, HasDefaults) {
  const OperatorCase c = conv2d_from_text("c6h5k4r3");
  const auto& params = static_cast<const Conv2dParams&>(*c.params);
  EXPECT_EQ(c.inputs.at(0), (Shape{1, 6, 5, 5}));
  EXPECT_EQ(params.window.kernel, (Pair{3, 3}));
  EXPECT_EQ(params.window.stride, (Pair{1, 1}));
  EXPECT_TRUE(params.bias);
}

TEST(Conv2dText, RejectsUnknownRepeatedAndMissingLetters) {
  for (const char* text : {"c6h5k4r3x2", "c6c6h5k4r3", "c6h5k4"})
    EXPECT_THROW(conv2d_from_text(text), InputError) << text;
  EXPECT_FALSE(is_conv2d_text("vgg_conv1_1"));
}

TEST(Problems, AreFoundByNameTextAndLine) {
  const std::vector<OperatorCase> cases{small_relu().c};
  EXPECT_EQ(problem_from_text("relu", "small", cases).c.inputs.at(0), (Shape{1, 5, 4, 3}));
  EXPECT_EQ(problem_from_text("relu", R"({"inputs": [[1, 2, 3, 4]]})", cases).c.inputs.at(0), (Shape{1, 2, 3, 4}));
  EXPECT_THROW(problem_from_text("relu", "smal", cases), InputError);
  EXPECT_THROW(problem_from_text("relu", "{", cases), InputError);
}

TEST(Flops, OfAConvolutionAreTwoPerProduct) {
  const BenchProblem p{conv2d_from_text("n2c8h10w9k6r3p1g2")};
  EXPECT_EQ(operator_by_name("conv2d").flops(p.problem(DataType::f32, Layout::nchw)), 2.0 * (2 * 6 * 10 * 9) * 4 * 9);
}

TEST(Contest, NamesTheWrongAndTheUnwillingAndTimesTheOthers) {
  const Contest contest = hold(small_relu(), {.sampling = {.samples = 2}});
  bool timed = false;
  for (const Entry& e : contest.entries) {
    EXPECT_EQ(e.wrong, e.variant == "half") << e.variant << " " << e.layout;
    EXPECT_EQ(e.refusal == "needs luck", e.variant == "choosy") << e.variant << " " << e.layout;
    EXPECT_EQ(e.timing.best > 0, e.refusal.empty()) << e.variant << " " << e.layout;
    EXPECT_LE(e.timing.best, e.timing.median);
    timed = timed || e.refusal.empty();
  }
  EXPECT_TRUE(timed);
  ASSERT_NE(contest.preferred(), nullptr);
  EXPECT_NE(contest.preferred()->variant, "half");
  EXPECT_EQ(contest.work.bytes, 2 * 4 * 60);
}

TEST(Contest, ServesEveryPassOfAConvolution) {
  for (const Pass pass : {Pass::forward, Pass::backward_data, Pass::backward_weights}) {
    const Contest contest =
        hold({conv2d_from_text("c16h9k16r3p1")}, {.selection = {.pass = pass}, .sampling = {.samples = 2}});
    ASSERT_NE(contest.fastest(), nullptr) << to_string(pass);
    for (const Entry& e : contest.entries) EXPECT_FALSE(e.wrong) << e.variant << " " << to_string(pass);
  }
}

TEST(Summarize, GivesTheLeastAndTheMiddle) {
  const Timing t = summarize({5, 1, 4, 2, 3});
  EXPECT_EQ(t.best, 1);
  EXPECT_EQ(t.median, 3);
}

}  // namespace
}  // namespace convlens::bench
