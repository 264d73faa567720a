// grad_cam: where a layer saw what speaks for the class.
//
// With the channels A_k of a convolutional layer's map and the class score S_c, L = ReLU(sum_k w_k A_k):
//   grad_cam         w_k = mean of dS_c/dA_k                        (Selvaraju et al. 2017)
//   grad_cam++       w_k from the gradient's powers                 (Chattopadhay et al. 2018)
//   layer_cam        each place weighted by its own ReLU(dS_c/dA_k) (Jiang et al. 2021)
//   score_cam        w_k = softmax of the score with the photo masked by A_k (Wang et al. 2020)
//   eigen_cam        the first principal direction of A, whatever the class (Muhammad and Yeasin 2020)
//   guided_grad_cam  Grad-CAM times the guided gradient of S_c, pixel by pixel (Selvaraju et al. 2017)
// brought to the photo's size bilinearly. The formulas: viz/attribution/class_activation_map.h and score_cam.h.
//
// It shows places, as coarse as the layer's map (7 x 7 for most networks), and reaches as far as a layer's receptive
// field, which is often more than the bright spot. In earlier layers the mean gradient stands for little: take
// layer_cam there. Guided Grad-CAM takes its details from guided backprop, which hardly depends on the network's upper
// weights (Adebayo et al. 2018); Eigen-CAM shows what is salient, not what speaks for the class.

#include "kernels/base/error.h"
#include "kernels/base/params.h"
#include "viz/attribution/batches.h"
#include "viz/attribution/channels.h"
#include "viz/attribution/class_activation_map.h"
#include "viz/attribution/method.h"
#include "viz/attribution/score_cam.h"
#include "viz/io/normalize.h"
#include "viz/io/resize.h"
#include "viz/layers.h"
#include "viz/preprocess.h"

namespace convlens::viz {
namespace {

enum class Variant { grad_cam, grad_cam_plus_plus, layer_cam, score_cam, eigen_cam, guided_grad_cam };

class GradCam final : public AttributionMethod {
 public:
  void describe(ParamVisitor& v) override {
    v.choice<Variant>({.name = "variant", .doc = "which of the family"}, variant_,
                      {{"grad_cam", Variant::grad_cam},
                       {"grad_cam++", Variant::grad_cam_plus_plus},
                       {"layer_cam", Variant::layer_cam},
                       {"score_cam", Variant::score_cam},
                       {"eigen_cam", Variant::eigen_cam},
                       {"guided_grad_cam", Variant::guided_grad_cam}});
    v.field({.name = "layer", .doc = "whose map; by default the last convolution's, its batch norm and ReLU included"},
            layer_);
  }

  PlanRequest request(const Question& question) const override {
    PlanRequest request = question.base_request();
    const std::string layer = chosen_layer(question);
    request.observe.push_back(layer);
    if (variant_ == Variant::eigen_cam) return request;
    if (variant_ == Variant::score_cam) {
      const int64_t channels = layer_shapes(question.model, question.input.shape).at(layer).c();
      request.batch = fitting_batch(question.model, request, channels);
      return request;
    }
    request.losses = {question.model.output};
    request.gradients = {layer};
    if (variant_ == Variant::guided_grad_cam) request.gradients.push_back(question.input_name());
    return request;
  }

  Attribution attribute(const ClassQuestion& question, Session& session) const override {
    const std::string layer = chosen_layer(question);
    const Image map = class_map(question, session, layer);
    Array numbers({1, 1, map.height, map.width});
    numbers.values = map.values;
    Attribution answer{
        .map = map, .arrays = {{"map", numbers}}, .figures = {{"layer", layer}}, .results = {{"layer", layer}}};
    if (variant_ == Variant::guided_grad_cam) guide(question, session, answer);
    return answer;
  }

 private:
  std::string chosen_layer(const Question& question) const {
    if (layer_.empty()) return last_map(question.model, question.input.shape);
    const std::string& layer = question.model.layer(layer_).name;
    const Shape shape = layer_shapes(question.model, question.input.shape).at(layer);
    if (shape.h() * shape.w() == 1)
      throw InputError("'layer' must have a map of more than one pixel, and that of '" + layer + "' is " +
                       shape.to_string());
    return layer;
  }

  Image class_map(const ClassQuestion& question, Session& session, const std::string& layer) const {
    const Array a = first_of_batch(session.value(layer));
    if (variant_ == Variant::eigen_cam) return eigen_cam(a);
    if (variant_ == Variant::score_cam) return score_cam(question, session, a);
    const Loss losses[] = {question.loss()};
    session.backward(losses);
    const Array g = session.gradient(layer);
    if (variant_ == Variant::layer_cam) return layer_cam(a, g);
    return variant_ == Variant::grad_cam_plus_plus ? grad_cam_plus_plus(a, g) : grad_cam(a, g);
  }

  // The map becomes the strongest colour of guided gradient times map.
  static void guide(const ClassQuestion& question, Session& session, Attribution& answer) {
    const Loss losses[] = {question.loss()};
    session.forward();
    session.backward(losses, BackwardMode::guided);
    Array product = session.gradient(question.input_name());
    const Image map =
        resize(answer.map, static_cast<int>(product.shape.h()), static_cast<int>(product.shape.w()), Filter::bilinear);
    for (size_t i = 0; i < product.values.size(); ++i) product.values[i] *= map.values[i % map.values.size()];
    answer.map = magnitudes(strongest_channel(product));
    const Image shown = signed_to_unit_range(to_image(product, question.model.image_input()), 99.5);
    answer.pictures = {
        {"guided_grad_cam", {.caption = "guided gradient times Grad-CAM: grey is zero", .image = shown}}};
    answer.arrays["guided_grad_cam"] = std::move(product);
  }

  Variant variant_ = Variant::grad_cam;
  std::string layer_;
};

const RegisterMethod<GradCam> grad_cam_registered(
    {.name = "grad_cam",
     .summary = "where a convolutional layer saw what speaks for the class",
     .source = "Selvaraju et al. 2017, arXiv:1610.02391",
     .compared = {"", "variant=grad_cam++", "variant=layer_cam", "variant=score_cam", "variant=eigen_cam",
                  "variant=guided_grad_cam"}});

}  // namespace
}  // namespace convlens::viz
