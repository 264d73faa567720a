#include "kernels/base/params.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "kernels/base/names.h"

namespace convlens {
namespace {

std::string shortened(const Json& json) {
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

std::string number(double value) {
  return shortened(Json(value == std::floor(value) ? Json(int64_t(value)) : Json(value)));
}

std::string range_text(const Field& field) {
  if (std::isfinite(field.min) && std::isfinite(field.max))
    return " from " + number(field.min) + " to " + number(field.max);
  if (std::isfinite(field.min)) return " of at least " + number(field.min);
  if (std::isfinite(field.max)) return " of at most " + number(field.max);
  return "";
}

std::string joined(const std::vector<std::string>& options) {
  std::string text;
  for (const auto& option : options) text += (text.empty() ? "\"" : ", \"") + option + "\"";
  return text;
}

class Reader final : public ParamVisitor {
 public:
  Reader(const Json& object, std::string where, std::string path, std::filesystem::path folder)
      : object_(object), where_(std::move(where)), path_(std::move(path)), folder_(std::move(folder)) {
    if (!object.is_object()) fail(path_, "an object", object);
  }

  void field(const Field& f, bool& value) override {
    if (const Json* j = find(f)) {
      if (!j->is_boolean()) fail(key(f), "true or false", *j);
      value = j->get<bool>();
    }
  }
  void field(const Field& f, int64_t& value) override {
    if (const Json* j = find(f)) value = integer(f, *j, "an integer");
  }
  void field(const Field& f, double& value) override {
    if (const Json* j = find(f)) value = real(f, *j, "a number");
  }
  void field(const Field& f, std::optional<double>& value) override {
    const Json* j = find(f);
    if (j && j->is_null()) value.reset();
    if (j && !j->is_null()) value = real(f, *j, "a number or null");
  }
  void field(const Field& f, std::string& value) override {
    if (const Json* j = find(f)) value = string(f, *j, "a string");
  }
  void field(const Field& f, std::filesystem::path& value) override {
    const Json* j = find(f);
    if (!j) return;
    const std::filesystem::path path = string(f, *j, "a path");
    value = path.empty() ? path : folder_ / path;  // "" names nothing, as in what write_params made of a missing path
  }
  void field(const Field& f, NumberOrName& value) override {
    const Json* j = find(f);
    if (j && j->is_string()) value = j->get<std::string>();
    if (j && !j->is_string()) value = integer(f, *j, "a number or a name");
  }
  void field(const Field& f, Pair& value) override {
    if (const Json* j = find(f)) {
      const auto list = one_or_more(f, *j, "an integer or [vertical, horizontal]");
      if (list.size() > 2) fail(key(f), "an integer or [vertical, horizontal]", *j);
      value = {list.front(), list.back()};
    }
  }
  void field(const Field& f, Padding& value) override {
    const Json* j = find(f);
    if (!j) return;
    const std::string expected = "an integer, [vertical, horizontal], [top, left, bottom, right] or \"same\"";
    if (*j == "same") {
      value = {.same = true};
      return;
    }
    const auto list = one_or_more(f, *j, expected);
    if (list.size() == 3 || list.size() > 4) fail(key(f), expected, *j);
    const size_t n = list.size();
    value = {list[0], list[1 % n], list[2 % n], list[n - 1]};
  }
  void field(const Field& f, std::vector<int64_t>& value) override {
    read_list(f, value, "a list of integers", [&](const Json& j) { return integer(f, j, "integers"); });
  }
  void field(const Field& f, std::vector<double>& value) override {
    read_list(f, value, "a list of numbers", [&](const Json& j) { return real(f, j, "numbers"); });
  }
  void field(const Field& f, std::vector<std::string>& value) override {
    read_list(f, value, "a list of strings", [&](const Json& j) { return string(f, j, "strings"); });
  }
  void field(const Field& f, std::vector<std::filesystem::path>& value) override {
    read_list(f, value, "a list of paths",
              [&](const Json& j) { return folder_ / std::filesystem::path(string(f, j, "paths")); });
  }
  void choice(const Field& f, std::string& value, const std::vector<std::string>& options) override {
    if (const Json* j = find(f)) {
      if (!j->is_string() || std::ranges::find(options, j->get<std::string>()) == options.end())
        fail(key(f), "one of " + joined(options), *j);
      value = j->get<std::string>();
    }
  }

  void refuse_unknown_keys() const {
    for (const auto& [name, value] : object_.items())
      if (!seen_.contains(name))
        throw InputError(where_ + ": unknown key '" + (path_.empty() ? "" : path_ + ".") + name + "'" +
                         did_you_mean(name, std::vector(seen_.begin(), seen_.end())));
  }

 private:
  std::string key(const Field& f) const { return path_.empty() ? f.name : path_ + "." + f.name; }

  [[noreturn]] void fail(const std::string& key, const std::string& expected, const Json& found) const {
    throw InputError(where_ + ": '" + key + "' must be " + expected + ", found " + shortened(found));
  }

  const Json* find(const Field& f) {
    seen_.insert(f.name);
    const auto it = object_.find(f.name);
    if (it != object_.end()) return &*it;
    if (f.required) throw InputError(where_ + ": the key '" + key(f) + "' is missing (" + f.doc + ")");
    return nullptr;
  }

  int64_t integer(const Field& f, const Json& j, const std::string& expected) const {
    if (!j.is_number_integer() || j.get<double>() < f.min || j.get<double>() > f.max ||
        std::abs(j.get<double>()) > 1e15)
      fail(key(f), expected + range_text(f), j);
    return j.get<int64_t>();
  }
  double real(const Field& f, const Json& j, const std::string& expected) const {
    if (!j.is_number() || !(j.get<double>() >= f.min && j.get<double>() <= f.max))
      fail(key(f), expected + range_text(f), j);
    return j.get<double>();
  }
  std::string string(const Field& f, const Json& j, const std::string& expected) const {
    if (!j.is_string()) fail(key(f), expected, j);
    return j.get<std::string>();
  }
  std::vector<int64_t> one_or_more(const Field& f, const Json& j, const std::string& expected) const {
    if (!j.is_array()) return {integer(f, j, expected)};
    std::vector<int64_t> list;
    for (const auto& item : j) list.push_back(integer(f, item, expected));
    if (list.empty()) fail(key(f), expected, j);
    return list;
  }
  template <class T, class Read>
  void read_list(const Field& f, std::vector<T>& value, const std::string& expected, Read read) {
    const Json* j = find(f);
    if (!j) return;
    if (!j->is_array()) fail(key(f), expected, *j);
    value.clear();
    for (const auto& item : *j) value.push_back(read(item));
  }

  const Json& object_;
  std::string where_, path_;
  std::filesystem::path folder_;
  std::set<std::string> seen_;
};

Json to_json(const Padding& p) {
  if (p.same) return "same";
  return {p.top, p.left, p.bottom, p.right};
}

Json to_json(const NumberOrName& value) {
  return std::visit([](const auto& v) { return Json(v); }, value);
}

Json to_json(const std::vector<std::filesystem::path>& paths) {
  Json list = Json::array();
  for (const auto& path : paths) list.push_back(path.string());
  return list;
}

class Writer final : public ParamVisitor {
 public:
  void field(const Field& f, bool& value) override { json[f.name] = value; }
  void field(const Field& f, int64_t& value) override { json[f.name] = value; }
  void field(const Field& f, double& value) override { json[f.name] = value; }
  void field(const Field& f, std::optional<double>& value) override { json[f.name] = value ? Json(*value) : Json(); }
  void field(const Field& f, std::string& value) override { json[f.name] = value; }
  void field(const Field& f, std::filesystem::path& value) override { json[f.name] = value.string(); }
  void field(const Field& f, NumberOrName& value) override { json[f.name] = to_json(value); }
  void field(const Field& f, Pair& value) override { json[f.name] = value; }
  void field(const Field& f, Padding& value) override { json[f.name] = to_json(value); }
  void field(const Field& f, std::vector<int64_t>& value) override { json[f.name] = value; }
  void field(const Field& f, std::vector<double>& value) override { json[f.name] = value; }
  void field(const Field& f, std::vector<std::string>& value) override { json[f.name] = value; }
  void field(const Field& f, std::vector<std::filesystem::path>& value) override { json[f.name] = to_json(value); }
  void choice(const Field& f, std::string& value, const std::vector<std::string>&) override { json[f.name] = value; }

  Json json = Json::object();
};

class Documenter final : public ParamVisitor {
 public:
  void field(const Field& f, bool& value) override { add(f, "boolean", value); }
  void field(const Field& f, int64_t& value) override { add(f, "integer" + range_text(f), value); }
  void field(const Field& f, double& value) override { add(f, "number" + range_text(f), value); }
  void field(const Field& f, std::optional<double>& value) override {
    add(f, "number" + range_text(f) + " or null", value ? Json(*value) : Json());
  }
  void field(const Field& f, std::string& value) override { add(f, "string", value); }
  void field(const Field& f, std::filesystem::path& value) override { add(f, "path", value.string()); }
  void field(const Field& f, NumberOrName& value) override { add(f, "number or name", to_json(value)); }
  void field(const Field& f, Pair& value) override {
    add(f, "integer or [vertical, horizontal]" + range_text(f), value);
  }
  void field(const Field& f, Padding& value) override {
    add(f, "integer, [vertical, horizontal], [top, left, bottom, right] or \"same\"", to_json(value));
  }
  void field(const Field& f, std::vector<int64_t>& value) override {
    add(f, "list of integers" + range_text(f), value);
  }
  void field(const Field& f, std::vector<double>& value) override { add(f, "list of numbers" + range_text(f), value); }
  void field(const Field& f, std::vector<std::string>& value) override { add(f, "list of strings", value); }
  void field(const Field& f, std::vector<std::filesystem::path>& value) override {
    add(f, "list of paths", to_json(value));
  }
  void choice(const Field& f, std::string& value, const std::vector<std::string>& options) override {
    add(f, "one of " + joined(options), value);
  }

  std::vector<FieldDoc> fields;

 private:
  void add(const Field& f, const std::string& type, const Json& value) {
    fields.push_back({f.name, type, f.required ? "required" : value.dump(), f.doc});
  }
};

}  // namespace

void read_params(Params& params, const Json& object, const std::string& where, const std::string& path,
                 const std::filesystem::path& folder) {
  Reader reader(object, where, path, folder);
  params.describe(reader);
  reader.refuse_unknown_keys();
}

Json write_params(Params& params) {
  Writer writer;
  params.describe(writer);
  return writer.json;
}

std::vector<FieldDoc> document_params(Params& params) {
  Documenter documenter;
  params.describe(documenter);
  return documenter.fields;
}

}  // namespace convlens
