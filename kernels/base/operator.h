#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernels/base/param_types.h"
#include "kernels/base/region.h"
#include "kernels/base/tensor.h"

namespace convlens {

/// forward: y = f(x, w). backward_data: dL/dx from dL/dy. backward_weights: dL/dw from dL/dy and x.
enum class Pass { forward, backward_data, backward_weights };
std::string to_string(Pass pass);

/// A tensor of weights that an operator needs: its role ("weight", "bias", ...) and shape.
struct WeightSpec {
  std::string role;
  Shape shape;
};

/// y = max(x, negative_slope * x), then min(y, max_value): what a producer may apply to its result as it stores it.
struct Activation {
  double negative_slope = 0;
  double max_value = std::numeric_limits<double>::infinity();
};

/// y_c = scale_c * x_c + shift_c: an operator that is this may be folded into the weights of its producer.
struct ChannelAffine {
  std::vector<double> scale, shift;
};

/// Host copy of one tensor of weights, f32 in C order.
struct WeightTensor {
  Shape shape;
  std::vector<float> values;
};

/// One operator on tensors of known sizes, layouts and types: what a variant is asked about and made for.
struct Problem {
  std::shared_ptr<Params> params;
  std::vector<TensorDesc> inputs;
  TensorDesc output;
  std::vector<TensorDesc> weights;       ///< in the order of Operator::weights, always plain
  std::optional<Activation> activation;  ///< forward only: applied to the result (by a variant that fuses it)
  bool input_is_activated = false;       ///< the producer has already applied this operator's activation to the input

  template <class P>
  const P& params_as() const {
    return static_cast<const P&>(*params);
  }
};

/// What a backward pass reads besides the gradient of the output and the weights.
struct Saved {
  bool inputs = false;  ///< the forward pass's inputs
  bool output = false;  ///< the forward pass's output
  size_t bytes = 0;     ///< notes that the forward pass writes for it: a sign-bit mask, a pool's indices
};

/// An operator made for a piece of its input, cut out with the padding that belongs to it: `params` have no padding of
/// their own, and where the piece reaches beyond the map it must hold `beyond`.
struct PieceForm {
  std::shared_ptr<Params> params;
  float beyond = 0;
};

/// How many inputs an operator takes.
struct Arity {
  size_t min = 1, max = 1;
};

/// What is true of an operator whoever computes it. Its numbers are the business of its variants.
class Operator {
 public:
  Operator(std::string name, std::string summary) : name_(std::move(name)), summary_(std::move(summary)) {}
  virtual ~Operator() = default;

  const std::string& name() const { return name_; }
  const std::string& summary() const { return summary_; }

  virtual std::shared_ptr<Params> new_params() const = 0;
  virtual Arity arity() const { return {}; }

  /// Shape of the output. Throws InputError with a sentence that says which sizes do not fit and why.
  virtual Shape infer(const Params& params, std::span<const Shape> inputs) const = 0;

  virtual std::vector<WeightSpec> weights(const Params&, std::span<const Shape>) const { return {}; }

  virtual std::vector<Pass> passes() const { return {Pass::forward, Pass::backward_data}; }

  virtual Saved saved(const Problem&, Pass) const { return {}; }

  /// The output may take the place of the first input in memory (and dL/dx that of dL/dy).
  virtual bool in_place() const { return false; }

  /// The operator copies its input's elements in the order of NCHW, at most under another shape.
  virtual bool is_view(const Params&) const { return false; }

  /// An element of the output depends on those elements of the inputs alone that lie at its place, of any channel.
  virtual bool is_pointwise() const { return false; }

  /// On which part of input number `input` a part of the output depends: rows on rows alone, columns on columns. It may
  /// reach beyond the map, into padding. Where an operator does not say otherwise, the whole map, which is never wrong.
  virtual Region input_region(const Params&, std::span<const Shape> inputs, size_t input, const Region& output) const {
    return is_pointwise() ? output : whole_map(inputs[input]);
  }

  /// Applied to the input_region of a part of the output it gives that part. Nothing: its padding cannot be told so.
  virtual std::optional<PieceForm> on_piece(const Params&) const { return std::nullopt; }

  /// dL/dx_i = dL/dy for every input: nothing needs computing in the backward pass.
  virtual bool passes_gradient() const { return false; }

  /// Multiplications and additions of one pass by the operator's formula, taps on the padding included; passes alike. 0
  /// where the work is in moving memory rather than in arithmetic.
  virtual double flops(const Problem&) const { return 0; }

  virtual std::optional<Activation> as_activation(const Params&) const { return std::nullopt; }
  virtual std::optional<ChannelAffine> as_channel_affine(const Params&, std::span<const WeightTensor>) const {
    return std::nullopt;
  }
  /// Changes parameters and weights so that the result is as if `affine` followed. False: it cannot.
  virtual bool absorb(const ChannelAffine&, Params&, std::vector<WeightTensor>&) const { return false; }

 private:
  std::string name_, summary_;
};

}  // namespace convlens
