// saliency: how much the class score would change with each pixel.
//
// The gradient w = dS_c/dI of the score S_c (before softmax) with respect to the image I, one number a colour channel.
// The map is max over the channels of |w| (Simonyan, Vedaldi and Zisserman, "Deep Inside Convolutional Networks", 2014,
// section 3.1). `signed` keeps the sign of the channel whose magnitude is largest. `times_input` multiplies by the
// input first (Shrikumar et al., "Not Just a Black Box", 2016): the first-order share of each pixel in the score.
//
// It tells to which pixels the score is sensitive, not where the object lies; the map is noisy because neighbouring
// pixels have no reason to have alike gradients.

#include "kernels/base/params.h"
#include "viz/attribution/channels.h"
#include "viz/attribution/method.h"

namespace convlens::viz {
namespace {

class Saliency final : public AttributionMethod {
 public:
  void describe(ParamVisitor& v) override {
    v.field({.name = "signed", .doc = "keep the sign of the gradient"}, signed_);
    v.field({.name = "times_input", .doc = "multiply the gradient by the input"}, times_input_);
  }

  PlanRequest request(const Question& question) const override {
    PlanRequest request = question.base_request();
    request.losses = {question.model.output};
    request.gradients = {question.input_name()};
    return request;
  }

  Attribution attribute(const ClassQuestion& question, Session& session) const override {
    const Loss losses[] = {question.loss()};
    session.backward(losses);
    Array gradient = session.gradient(question.input_name());
    Attribution answer{.has_sign = signed_, .arrays = {{"gradient", gradient}}};
    if (times_input_)
      for (size_t i = 0; i < gradient.values.size(); ++i) gradient.values[i] *= question.input.values[i];
    const Image strongest = strongest_channel(gradient);
    answer.map = signed_ ? strongest : magnitudes(strongest);
    return answer;
  }

 private:
  bool signed_ = false, times_input_ = false;
};

const RegisterMethod<Saliency> saliency_registered({.name = "saliency",
                                                    .summary = "gradient of the class score to the pixels",
                                                    .source = "Simonyan, Vedaldi and Zisserman 2014, arXiv:1312.6034",
                                                    .compared = {"", "times_input=true"}});

}  // namespace
}  // namespace convlens::viz
