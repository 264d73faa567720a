#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "kernels/base/json_fwd.h"
#include "kernels/base/param_types.h"

namespace convlens {

/// A thing that has a number and a name, such as a class.
using NumberOrName = std::variant<int64_t, std::string>;

/// What is said of a field besides its value.
struct Field {
  std::string name;
  std::string doc;
  bool required = false;
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
};

/// Sees every field of a parameter struct once: to read it from JSON, to write it, or to document it.
class ParamVisitor {
 public:
  virtual ~ParamVisitor() = default;
  virtual void field(const Field& field, bool& value) = 0;
  virtual void field(const Field& field, int64_t& value) = 0;
  virtual void field(const Field& field, double& value) = 0;
  virtual void field(const Field& field, std::optional<double>& value) = 0;  ///< null or absent: none
  virtual void field(const Field& field, std::string& value) = 0;
  virtual void field(const Field& field, std::filesystem::path& value) = 0;
  virtual void field(const Field& field, NumberOrName& value) = 0;
  virtual void field(const Field& field, Pair& value) = 0;
  virtual void field(const Field& field, Padding& value) = 0;
  virtual void field(const Field& field, std::vector<int64_t>& value) = 0;
  virtual void field(const Field& field, std::vector<double>& value) = 0;
  virtual void field(const Field& field, std::vector<std::string>& value) = 0;
  virtual void field(const Field& field, std::vector<std::filesystem::path>& value) = 0;
  /// A string out of a few.
  virtual void choice(const Field& field, std::string& value, const std::vector<std::string>& options) = 0;

  /// An enumeration, written in JSON by the names given.
  template <class Enum>
  void choice(const Field& field, Enum& value, const std::vector<std::pair<std::string, Enum>>& names) {
    std::vector<std::string> options;
    std::string text;
    for (const auto& [name, option] : names) {
      options.push_back(name);
      if (option == value) text = name;
    }
    choice(field, text, options);
    for (const auto& [name, option] : names)
      if (name == text) value = option;
  }
};

/// Fills `params` from an object. Throws InputError, naming `where` and the key's path, on an unknown or missing key, a
/// wrong type or a value out of range. `path` is the object's own path, e.g. "layers[3].params". Relative file paths in
/// it are taken from `folder`.
void read_params(Params& params, const Json& object, const std::string& where, const std::string& path,
                 const std::filesystem::path& folder = {});

/// All fields with their present values.
Json write_params(Params& params);

/// One field for the reference page.
struct FieldDoc {
  std::string name, type, default_value, doc;
};
std::vector<FieldDoc> document_params(Params& params);

}  // namespace convlens
