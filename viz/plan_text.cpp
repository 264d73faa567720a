#include "viz/plan_text.h"

#include "viz/text.h"

namespace convlens::viz {

TensorDesc result_of(const Step& step) {
  if (step.kind != Step::Kind::kernel) return step.to.desc;
  if (step.pass == Pass::forward) return step.output.desc;
  for (const Slot& slot : step.pass == Pass::backward_data ? step.grad_inputs : step.grad_weights)
    if (slot) return slot.desc;
  return {};
}

std::string what_runs(const Step& step) {
  switch (step.kind) {
    case Step::Kind::kernel:
      return step.source->op->name() + " " + step.variant->name + (step.relu_mask < 0 ? "" : " and ReLU");
    case Step::Kind::reorder: return "reorder";
    case Step::Kind::accumulate: return "accumulate";
    case Step::Kind::loss_gradient: return "gradient of the losses";
  }
  return "";
}

std::string plan_table(const Plan& plan) {
  std::string text = "\n" + padded("layer", 34) + padded("pass", 18) + padded("what runs", 34) + "result\n";
  for (const Step& step : plan.steps) {
    const TensorDesc desc = result_of(step);
    text += padded(step.layer, 34) + padded(to_string(step.pass), 18) + padded(what_runs(step), 34) +
            desc.shape.to_string() + " " + to_string(desc.layout) + "\n";
  }
  for (const auto& [layer, host] : plan.fused) text += layer + " is done by " + host + "\n";
  for (const auto& [layer, host] : plan.fused_backward) text += layer + "'s gradient is done by " + host + "\n";
  size_t sum = 0;
  for (const Lifetime& piece : plan.pieces) sum += piece.bytes;
  return text + std::to_string(plan.steps.size()) + " steps; peak " + megabytes(plan.arena_bytes + plan.packed_bytes) +
         ": arena " + megabytes(plan.arena_bytes) + " (for " + megabytes(sum) + " of tensors), packed weights " +
         megabytes(plan.packed_bytes) + "\n";
}

std::string plan_explanation(const Plan& plan) {
  std::string text = "\n";
  for (const Step& step : plan.steps) {
    if (step.kind != Step::Kind::kernel) continue;
    text += step.layer + " (" + to_string(step.pass) + "): " + what_runs(step) + "\n";
    for (const Refusal& refusal : step.refused) text += "    not " + refusal.variant + ": " + refusal.reason + "\n";
  }
  return text;
}

}  // namespace convlens::viz
