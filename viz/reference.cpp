#include "viz/reference.h"

#include <algorithm>

#include "kernels/base/error.h"
#include "kernels/base/names.h"
#include "kernels/base/params.h"
#include "kernels/base/registry.h"
#include "viz/algorithm.h"
#include "viz/run_keys.h"
#include "viz/text.h"
#include "viz/training/adaptive_style_keys.h"
#include "viz/training/classifier_trainer.h"
#include "viz/training/generator_trainer.h"
#include "viz/training/style_trainer.h"

namespace convlens::viz {
namespace {

std::string fields_text(Params& params) {
  std::string text;
  for (const FieldDoc& f : document_params(params))
    text += "  " + padded(f.name, 18) + f.doc + "\n" + padded("", 20) + f.type + "; " +
            (f.default_value == "required" ? "required" : "default " + f.default_value) + "\n";
  return text.empty() ? "  (none)\n" : text;
}

std::string escaped(std::string text) {
  for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  return text;
}

std::string fields_table(Params& params) {
  const auto fields = document_params(params);
  if (fields.empty()) return "No keys of its own.\n";
  std::string text = "| key | type | default | meaning |\n|---|---|---|---|\n";
  for (const FieldDoc& f : fields)
    text += "| `" + f.name + "` | " + escaped(f.type) + " | " +
            (f.default_value == "required" ? "required" : "`" + f.default_value + "`") + " | " + escaped(f.doc) +
            " |\n";
  return text;
}

}  // namespace

std::string list_text() {
  std::string text = "algorithms:\n";
  for (const std::string& name : algorithm_names())
    text += "  " + padded(name, 28) + algorithm_by_name(name).summary + "\n";
  text += "operators:\n";
  for (const std::string& name : operator_names())
    text += "  " + padded(name, 28) + operator_by_name(name).summary() + "\n";
  return text;
}

std::string describe_text(const std::string& name) {
  const auto algorithms = algorithm_names(), operators = operator_names();
  if (std::ranges::binary_search(algorithms, name)) {
    const AlgorithmInfo& info = algorithm_by_name(name);
    RunKeys keys;
    return name + ": " + info.summary + (info.source.empty() ? "" : " (" + info.source + ")") + "\nits own keys:\n" +
           fields_text(*info.make()) + "keys of every run:\n" + fields_text(keys);
  }
  if (std::ranges::binary_search(operators, name)) {
    const Operator& op = operator_by_name(name);
    return name + ": " + op.summary() + "\nparameters:\n" + fields_text(*op.new_params());
  }
  std::vector<std::string> all = algorithms;
  all.insert(all.end(), operators.begin(), operators.end());
  throw InputError("there is no algorithm or operator '" + name + "'" + did_you_mean(name, all));
}

std::string algorithms_page() {
  RunKeys keys;
  std::string text =
      "# Configuration reference\n\nGenerated from the code by `tools/make_reference.sh`; a test compares.\n\n"
      "## Keys of every run\n\n" +
      fields_table(keys);
  for (const std::string& name : algorithm_names()) {
    const AlgorithmInfo& info = algorithm_by_name(name);
    text += "\n## " + name + "\n\n" + info.summary + (info.source.empty() ? "" : " (" + info.source + ")") + "\n\n" +
            fields_table(*info.make());
  }
  return text;
}

std::string trainings_page() {
  ClassifierKeys classifier;
  StyleKeys style;
  AdaptiveStyleKeys adaptive_style;
  GeneratorKeys generator;
  return "# Training\n\nGenerated from the code by `tools/make_reference.sh`; a test compares.\n\nThe keys of a "
         "configuration besides `optimizer`: an object of an update's `name` (sgd, adam, ...) and its parameters.\n\n"
         "## train\n\n" +
         fields_table(classifier) + "\n## train_fast_style\n\n" + fields_table(style) + "\n## train_adain\n\n" +
         fields_table(adaptive_style) + "\n## train_generator\n\n" + fields_table(generator);
}

std::string operators_page() {
  std::string text = "# Operators\n\nGenerated from the code by `tools/make_reference.sh`; a test compares.\n";
  for (const std::string& name : operator_names())
    text += "\n## " + name + "\n\n" + operator_by_name(name).summary() + "\n\n" +
            fields_table(*operator_by_name(name).new_params());
  return text;
}

}  // namespace convlens::viz
