// Photos changed until the trained network of shapes sees something else, judged by the PNG that was written.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "engine/session.h"
#include "kernels/base/json.h"
#include "tests/base/temporary_folder.h"
#include "tests/viz/program.h"
#include "viz/class_names.h"
#include "viz/io/image.h"
#include "viz/preprocess.h"
#include "viz/training/shapes.h"
#include "weights/model_file.h"

namespace convlens::test {
namespace {

namespace fs = std::filesystem;

const fs::path shapes_network = fs::path(CONVLENS_SOURCE_DIR) / "weights/shapes";
enum Shapes { circle, cross, ring, square, triangle };

class Fooling : public ::testing::Test {
 protected:
  void SetUp() override { write_png(folder_ / "photo.png", viz::draw_shape(square, 32, 900001).picture); }

  Json configuration() const {
    return {{"algorithm", "fooling"},
            {"model", shapes_network.string()},
            {"image", "photo.png"},
            {"out", "out"},
            {"threads", 1}};
  }

  ProgramOutcome run(const Json& json, const std::string& arguments = "") const {
    std::ofstream(folder_ / "config.json") << json;
    return run_program(folder_.path(), "$VIZ_RUN config.json " + arguments);
  }

  Json results() const {
    std::ifstream stream(folder_ / "out/run.json");
    return Json::parse(stream)["runs"][0]["results"];
  }

  // As another program would judge: from the file, by a session of its own.
  std::vector<viz::ClassScore> classes_of(const std::string& picture) const {
    const auto model = read_model(shapes_network);
    Session session(*model, {.observe = {model->output}});
    session.set_input("image", viz::to_tensor(viz::read_image(folder_ / "out" / picture), model->image_input()));
    session.forward();
    return viz::ranked_classes(*model, session.value(model->output));
  }

  TemporaryFolder folder_;
};

TEST_F(Fooling, AscentReachesItsTarget) {
  Json json = configuration();
  json["target"] = "circle";
  ASSERT_EQ(run(json).code, 0);
  EXPECT_EQ(classes_of("before.png")[0].index, square);
  const auto seen = classes_of("after.png")[0];
  EXPECT_EQ(seen.index, circle);
  EXPECT_GE(seen.probability, 0.9);
  const Json found = results();
  EXPECT_TRUE(found["fooled"]);
  EXPECT_NEAR(found["after"]["probability"].get<double>(), seen.probability, 1e-5);
  EXPECT_LT(found["change"]["mean"], 8);  // of 255; noise of that size changes nothing
}

TEST_F(Fooling, WithoutATargetAnyOtherClassWillDo) {
  ASSERT_EQ(run(configuration()).code, 0);
  EXPECT_NE(classes_of("after.png")[0].index, square);
}

TEST_F(Fooling, ProjectedStepsStayInTheirBall) {
  for (const std::string norm : {"linf", "l2"}) {
    Json json = configuration();
    json.update({{"target", "circle"},
                 {"method", "pgd"},
                 {"norm", norm},
                 {"epsilon", 3},
                 {"lr", 1},
                 {"steps", 20},
                 {"confidence", 1}});
    const ProgramOutcome outcome = run(json);
    ASSERT_EQ(outcome.code, 0) << outcome.output;
    const viz::Image before = viz::read_image(folder_ / "out/before.png"),
                     after = viz::read_image(folder_ / "out/after.png");
    double squares = 0, greatest = 0;
    for (size_t i = 0; i < before.values.size(); ++i) {
      const double d = 255.0 * (after.values[i] - before.values[i]);
      squares += d * d / static_cast<double>(before.values.size());
      greatest = std::max(greatest, std::abs(d));
    }
    if (norm == "linf") {
      EXPECT_NEAR(greatest, 3, 1e-3);
    } else {
      EXPECT_NEAR(std::sqrt(squares), 3, 0.1);  // rounded to grey levels
      EXPECT_GT(greatest, 6);
    }
  }
}

TEST_F(Fooling, OneSignedStepIsEpsilonLong) {
  Json json = configuration();
  json.update({{"method", "fgsm"}, {"epsilon", 4}});
  ASSERT_EQ(run(json).code, 0);
  EXPECT_NEAR(results()["change"]["max"].get<double>(), 4, 1e-3);
  EXPECT_EQ(results()["fooling"]["steps"], 1);
}

TEST_F(Fooling, ASecondNetworkIsAsked) {
  Json json = configuration();
  json.update({{"target", "circle"}, {"second_model", shapes_network.string()}});
  ASSERT_EQ(run(json).code, 0);
  EXPECT_EQ(results()["second_model"]["after"]["class"], circle);
  EXPECT_EQ(run_program(folder_.path(), "$VIZ_RUN --verify out/run.json").code, 0);
}

TEST_F(Fooling, RefusesWhatIsSeenAlready) {
  Json json = configuration();
  json["target"] = "square";
  const ProgramOutcome outcome = run(json);
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.output.find("is seen as 'square' already"), std::string::npos) << outcome.output;
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

}  // namespace
}  // namespace convlens::test
