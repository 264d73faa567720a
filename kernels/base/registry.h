#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernels/base/operator.h"
#include "kernels/base/variant.h"

namespace convlens {

/// Every operator and variant that was linked in. They put themselves here before main() starts, by objects of the
/// Register types below; a program built from CMake's OBJECT libraries (or the shared library) keeps those objects.
const Operator& operator_by_name(const std::string& name);  ///< throws InputError with the nearest names
std::vector<std::string> operator_names();                  ///< sorted

/// The variants of an operator's pass on a device, the preferred ones first.
std::vector<const Variant*> variants(const std::string& op, Pass pass, Device device);

struct RegisterOperator {
  explicit RegisterOperator(std::unique_ptr<Operator> op);
};

struct RegisterVariant {
  RegisterVariant(const std::string& op, Variant variant);
};

/// The plain loops of an operator, one function a pass; each becomes the only variant of Device::reference.
struct RegisterReference {
  RegisterReference(const std::string& op, RunFunction forward, RunFunction backward_data = nullptr,
                    RunFunction backward_weights = nullptr);
};

/// The problem of an operator with its sizes, all tensors in `layout`. Throws InputError if the sizes do not fit.
Problem make_problem(const Operator& op, std::shared_ptr<Params> params, std::span<const Shape> inputs,
                     DataType type = DataType::f32, Layout layout = Layout::nchw);

}  // namespace convlens
