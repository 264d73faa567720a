// Methods of attribution against golden maps, which JAX made in double (tools/make_attribution_golden.py), and on
// trained networks against what must be true of them.

#include <algorithm>
#include <cmath>
#include <fstream>
#include <random>

#include "kernels/base/json.h"
#include "kernels/base/params.h"
#include "tests/networks/golden_input.h"
#include "tests/networks/trained.h"
#include "viz/attribution/channels.h"
#include "viz/attribution/method.h"

namespace convlens::test {
namespace {

namespace fs = std::filesystem;
using viz::Attribution;

Attribution answer(const std::string& method, const viz::Question& question, const NumberOrName& wanted) {
  const auto made = viz::make_method(method, "test");
  Session session(question.model, made->request(question));
  return made->attribute(viz::choose_class(question, wanted, session), session);
}

double largest(const std::vector<float>& values) {
  double most = 0;
  for (const float value : values) most = std::max(most, std::abs(static_cast<double>(value)));
  return most;
}

TEST(Attribution, GivesTheMapsThatJaxGives) {
  const Json golden =
      Json::parse(std::ifstream(fs::path(CONVLENS_SOURCE_DIR) / "tests/networks/attribution_golden.json"));
  const auto model =
      read_model(fs::path(CONVLENS_TEST_MODELS) / "random" / golden.at("architecture").get<std::string>());
  const Array input = golden_input(model->image_input(), golden.at("seed"), model->image_input().shape);
  for (const auto& [method, expected] : golden.at("maps").items()) {
    const Attribution found = answer(method, {.model = *model, .input = input}, golden.at("target").get<int64_t>());
    const auto values = expected.at("values").get<std::vector<float>>();
    ASSERT_EQ(found.map.values.size(), values.size()) << method;
    // On a path of 50 points some inputs of ReLUs lie within rounding of zero, where rounding decides on the gradient.
    const double tolerance = method.starts_with("integrated_gradients") ? 1e-3 : 1e-4;
    const double scale = largest(values);
    ASSERT_TRUE(scale > 0) << method;
    for (size_t i = 0; i < values.size(); ++i)
      ASSERT_TRUE(std::abs(found.map.values[i] - values[i]) <= tolerance * scale)
          << method << " at " << i << ": " << found.map.values[i] << ", expected " << values[i] << " of " << scale;
    if (method.starts_with("integrated_gradients")) {
      EXPECT_NEAR(found.results["score_difference"].get<double>(), golden.at("score_difference").get<double>(), 1e-4);
    }
  }
}

// SmoothGrad's copies are still in the session's input: they must be noise of the right size around the photo, and the
// three variants what their formulas make of the gradients there.
TEST(Attribution, SmoothGradsVariantsAreMomentsOfTheGradientsAtNoisyCopies) {
  const auto model = read_model(fs::path(CONVLENS_TEST_MODELS) / "random/cifar_resnet20");
  const std::string& name = model->image_input().name;
  const Array input = golden_input(model->image_input(), 1, model->image_input().shape);
  const viz::Question question{.model = *model, .input = input, .seed = 7};
  std::map<std::string, Array> found;
  Array copies, gradients;
  for (const char* variant : {"smoothgrad", "smoothgrad_squared", "vargrad"}) {
    const auto method = viz::make_method(std::string("smoothgrad n=8 sigma=0.2 variant=") + variant, "test");
    Session session(*model, method->request(question));
    const viz::ClassQuestion asked = viz::choose_class(question, int64_t{3}, session);
    found[variant] = method->attribute(asked, session).arrays.at("gradient");
    copies = session.value(name);
    gradients = session.gradient(name);
  }
  const auto [low, high] = std::ranges::minmax(input.values);
  double mean_noise = 0, squared_noise = 0;
  for (size_t i = 0; i < copies.values.size(); ++i) {
    const double noise = copies.values[i] - input.values[i % input.values.size()];
    mean_noise += noise / static_cast<double>(copies.values.size());
    squared_noise += noise * noise / static_cast<double>(copies.values.size());
  }
  const double sigma = 0.2 * (high - low);
  ASSERT_EQ(copies.shape.n(), 8);
  EXPECT_NEAR(mean_noise, 0, 0.02 * sigma);
  EXPECT_NEAR(std::sqrt(squared_noise), sigma, 0.02 * sigma);
  const double scale = largest(found["smoothgrad"].values);
  for (size_t i = 0; i < input.values.size(); ++i) {
    double mean = 0, square = 0;
    for (size_t n = 0; n < 8; ++n) {
      const double g = gradients.values[n * input.values.size() + i];
      mean += g / 8;
      square += g * g / 8;
    }
    ASSERT_NEAR(found["smoothgrad"].values[i], mean, 1e-6 * scale);
    ASSERT_NEAR(found["smoothgrad_squared"].values[i], square, 1e-5 * scale * scale);
    ASSERT_NEAR(found["vargrad"].values[i], square - mean * mean, 1e-5 * scale * scale);
  }
}

// The places in rank order of two maps, correlated (Spearman): 1 where they order pixels alike, 0 where by chance.
double rank_correlation(const viz::Image& a, const viz::Image& b) {
  const auto ranks = [](const viz::Image& image) {
    std::vector<size_t> order(image.values.size()), rank(order.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::stable_sort(order, {}, [&](size_t i) { return image.values[i]; });
    for (size_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
    return rank;
  };
  const auto ra = ranks(a), rb = ranks(b);
  const auto n = static_cast<double>(ra.size());
  double squares = 0;
  for (size_t i = 0; i < ra.size(); ++i)
    squares += std::pow(static_cast<double>(ra[i]) - static_cast<double>(rb[i]), 2);
  return 1 - 6 * squares / (n * (n * n - 1));
}

class AttributionOfTrained : public Trained {
 protected:
  static viz::Image gradient_map(const Model& model, const Array& image, int64_t target, BackwardMode mode) {
    Session session(model, {.losses = {model.output}, .gradients = {model.image_input().name}});
    session.set_input(model.image_input().name, image);
    session.forward();
    const Loss losses[] = {class_score(model.output, target)};
    session.backward(losses, mode);
    return viz::magnitudes(viz::strongest_channel(session.gradient(model.image_input().name)));
  }

  // The weights of the last `count` layers that have any, each tensor's numbers shuffled.
  static Model randomised_from_the_top(Model model, int count) {
    std::mt19937_64 random(1);
    for (auto layer = model.layers.rbegin(); layer != model.layers.rend() && count > 0; ++layer) {
      if (layer->weights.empty()) continue;
      --count;
      for (Weight& weight : layer->weights) {
        const std::shared_ptr<float[]> values(new float[static_cast<size_t>(weight.shape.elements())]);
        std::copy_n(weight.data.get(), weight.shape.elements(), values.get());
        std::shuffle(values.get(), values.get() + weight.shape.elements(), random);
        weight.data = std::shared_ptr<const float>(values, values.get());
      }
    }
    return model;
  }
};

// Adebayo et al., "Sanity Checks for Saliency Maps", 2018: a map that is to explain a network must change when the
// network's weights are lost, layer after layer from the top. The gradient's does. That of guided backprop hardly does.
TEST_F(AttributionOfTrained, CascadingRandomisationChangesSaliencyButHardlyGuidedBackprop) {
  const auto net = model("bvlc_googlenet");
  const Array image = photo(*net, "dog");
  constexpr int64_t golden_retriever = 207;
  const auto kept = [&](int layers, BackwardMode mode) {
    const double correlation =
        rank_correlation(gradient_map(*net, image, golden_retriever, mode),
                         gradient_map(randomised_from_the_top(*net, layers), image, golden_retriever, mode));
    RecordProperty(to_string(mode) + "_" + std::to_string(layers), std::to_string(correlation));
    return correlation;
  };
  EXPECT_EQ(kept(0, BackwardMode::standard), 1);
  for (const int layers : {1, 13, 37}) {  // of 58; found: 0.63, 0.50, 0.39 against 1.00, 0.91, 0.81
    const double gradient = kept(layers, BackwardMode::standard), guided = kept(layers, BackwardMode::guided);
    EXPECT_TRUE(gradient <= 0.7) << layers << " layers: " << gradient;
    EXPECT_TRUE(guided >= 0.75) << layers << " layers: " << guided;
  }
}

TEST_F(AttributionOfTrained, IntegratedGradientsAreComplete) {
  for (const char* name : {"squeezenet1_1", "bvlc_googlenet", "cifar_resnet20"}) {
    const auto net = model(name);
    const Array image = photo(*net, "dog");
    const Attribution found = answer("integrated_gradients", {.model = *net, .input = image}, "");
    EXPECT_TRUE(found.results["completeness_error"].get<double>() <= 0.01) << name << ' ' << found.results;
  }
}

}  // namespace
}  // namespace convlens::test
