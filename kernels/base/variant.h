#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "kernels/base/operator.h"

namespace convlens {

/// `reference` runs the plain loops in double; the others are the design's three devices.
enum class Device { reference, cpu, cuda, simt };
std::string to_string(Device device);
Device device_by_name(const std::string& name);  ///< throws InputError

/// How a ReLU passes the gradient back: by the sign of its input (standard), of the gradient (deconvnet), or both
/// (guided; Springenberg et al., "Striving for Simplicity", 2015). A switch of a run, not of a model.
enum class BackwardMode { standard, guided, deconvnet };
std::string to_string(BackwardMode mode);

/// The memory of one call. Which members are set follows from the pass:
/// forward: inputs, weights, output, saved. backward_data: grad_output, weights, grad_inputs, saved and what
/// Operator::saved asks for; a gradient nobody wants has no data. backward_weights: inputs, grad_output, grad_weights.
/// Results overwrite, unless `accumulate` asks a variant that can to add. Otherwise nothing may be assumed of the
/// former contents of results, nor ever of those of `saved` and of `workspace`.
struct Arguments {
  std::span<const TensorView> inputs;
  TensorView output;
  std::span<const TensorView> weights;
  TensorView grad_output;
  std::span<const TensorView> grad_inputs;
  std::span<const TensorView> grad_weights;
  std::byte* saved = nullptr;
  std::byte* workspace = nullptr;     ///< Kernel::workspace() bytes, 64-byte aligned, as are all buffers
  const std::byte* packed = nullptr;  ///< Kernel::packed_bytes() bytes, as Kernel::pack left them
  BackwardMode mode = BackwardMode::standard;
  /// backward_data, if the variant masks_gradient: what a ReLU of slope 0 has saved whose output the input is
  /// (relu_mask_bytes). The gradient is passed on through it, by `mode`, as it is stored.
  const std::byte* relu_mask = nullptr;
  bool accumulate = false;  ///< backward_data: grad_inputs[0] += dL/dx in place of =
};

/// A variant made ready for one problem.
class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual size_t workspace() const { return 0; }
  /// Weights in an order of the kernel's own: packed once, and again when the weights change.
  virtual size_t packed_bytes() const { return 0; }
  virtual void pack(std::span<const TensorView> /*weights*/, std::byte* /*packed*/) {}
  virtual void run(const Arguments& arguments) = 0;
};

/// Layouts in which a variant takes a problem's inputs and gives its output.
struct IoLayout {
  Layout input, output;
  bool operator==(const IoLayout&) const = default;
};

/// One implementation of one pass of one operator on one device.
struct Variant {
  std::string name;
  Device device = Device::cpu;
  Pass pass = Pass::forward;
  int priority = 0;               ///< of the variants that do not refuse, the highest is taken
  bool fuses_activation = false;  ///< honours Problem::activation
  bool masks_gradient = false;  ///< honours Arguments::relu_mask in channel-blocked layouts; for operators of one input
  bool accumulates = false;     ///< honours Arguments::accumulate; for operators of one input
  double relative_error = 2e-6;  ///< bound on max |error| / max |result| against the reference in double
  bool exact_integers = true;    ///< small integers give exact results (not so with transforms such as Winograd's)

  /// The layouts it wants, given those in which the inputs lie. Left out: it takes the first input's layout and gives
  /// the same.
  std::function<IoLayout(const Problem&)> layouts;
  /// Why it cannot do this problem (a clause such as "needs stride 1"), or nothing. Left out: it can do all.
  std::function<std::optional<std::string>(const Problem&)> refuses;
  std::function<std::unique_ptr<Kernel>(const Problem&)> prepare;
};

/// `prepare` for a variant that is a function and keeps nothing between calls.
using RunFunction = void (*)(const Problem&, const Arguments&);
using WorkspaceFunction = size_t (*)(const Problem&);
std::function<std::unique_ptr<Kernel>(const Problem&)> stateless(RunFunction run,
                                                                 WorkspaceFunction workspace = nullptr);

}  // namespace convlens
