#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/arena.h"
#include "engine/model.h"
#include "engine/plan_defaults.h"
#include "kernels/base/variant.h"

namespace convlens {

/// What a run wants of a network. A plan computes nothing that this does not need.
struct PlanRequest {
  Device device = Device::cpu;
  int64_t batch = 1;
  std::map<std::string, Shape> input_shapes;    ///< C x H x W of inputs that differ from the model's own
  std::vector<std::string> observe;             ///< layers whose values are read after the forward pass
  std::vector<std::string> losses;              ///< layers at which losses attach (observed as well)
  std::vector<std::string> gradients;           ///< inputs or layers whose gradient is wanted
  bool weight_gradients = false;                ///< of every layer on the way to a loss that is not `frozen`
  std::set<std::string> frozen;                 ///< layers whose weights nobody trains
  std::map<std::string, std::string> variants;  ///< layer -> name of the forward variant to use, or an error
  bool rewrite = true;                          ///< fold batch norms, fuse activations
  /// Variants of a greater Variant::relative_error are taken only where no other can be, or where they are named.
  double most_error = plan_defaults().most_error;
  /// Of the variants that do not refuse, the plan takes those that together cost least, if all of their costs are
  /// known; else those of the highest priority.
  std::shared_ptr<Costs> costs = plan_defaults().costs;
};

/// A tensor's place: a description, and the piece of the arena that holds it.
struct Slot {
  TensorDesc desc;
  int piece = -1;
  explicit operator bool() const { return piece >= 0; }
};

/// Why a variant was not taken: a clause such as "needs stride 1".
struct Refusal {
  std::string variant, reason;
};

/// One thing to do.
struct Step {
  enum class Kind { kernel, reorder, accumulate, loss_gradient };

  Kind kind = Kind::kernel;
  Pass pass = Pass::forward;
  std::string layer;  ///< to which it belongs
  Slot from, to;      ///< of a reorder or an accumulate; `to` alone of a loss gradient

  // Of a kernel:
  std::shared_ptr<const Layer> source;
  const Variant* variant = nullptr;
  std::shared_ptr<Kernel> kernel;
  Problem problem;
  std::vector<Slot> inputs, grad_inputs, grad_weights;
  Slot output, grad_output;
  int saved = -1, workspace = -1;  ///< pieces of the arena
  size_t packed = 0;               ///< where its packed weights begin among those of all steps
  int relu_mask = -1;              ///< piece: the kernel passes its gradient on through a ReLU (Arguments::relu_mask)
  bool accumulate = false;         ///< the kernel adds its gradient to what has arrived before
  std::vector<Refusal> refused;    ///< variants that were not taken, though they are preferred or were measured too
};

/// Everything that is decided before anything is computed.
struct Plan {
  Device device = Device::cpu;
  std::vector<Step> steps;  ///< the forward pass, then the backward pass
  int backward_begin = 0;   ///< index of the first step of the backward pass
  std::vector<Lifetime> pieces;
  size_t arena_bytes = 0;                                     ///< activations, gradients, notes and workspaces
  size_t packed_bytes = 0;                                    ///< weights in the kernels' own order
  std::map<std::string, Slot> values, gradients;              ///< by layer or input
  std::map<std::string, std::vector<Slot>> weight_gradients;  ///< by layer
  std::map<std::string, std::string> fused;                   ///< layer -> the layer that does its forward work too
  std::map<std::string, std::string> fused_backward;          ///< layer -> the layer that does its backward work too
};

/// Throws InputError: an unknown layer or input, sizes that do not fit, a variant that refuses.
Plan make_plan(const Model& model, const PlanRequest& request);

}  // namespace convlens
