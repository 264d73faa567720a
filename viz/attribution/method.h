#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/session.h"
#include "kernels/base/json.h"
#include "kernels/base/params.h"
#include "viz/algorithm.h"
#include "viz/class_names.h"
#include "viz/io/report.h"
#include "viz/progress.h"

namespace convlens::viz {

/// Which pixels of a photo speak for a class?
struct Question {
  const Model& model;
  const Array& input;  ///< the photo as the network's input, 1 x C x H x W
  Device device = Device::cpu;
  uint64_t seed = 0;
  ProgressDisplay display = no_display();

  const std::string& input_name() const { return model.image_input().name; }
  PlanRequest base_request() const;  ///< for this device and photo; the output is observed, nothing else is asked for
};

/// The same of one class, with what the network gives it: its score S_c (before softmax) and probability.
struct ClassQuestion : Question {
  ClassScore target;

  Loss loss() const { return class_score(model.output, target.index); }
};

/// An answer.
struct Attribution {
  /// One channel of any size, to be brought to the photo's bilinearly: the greater, the more a pixel matters.
  Image map{};
  bool has_sign = false;                                    ///< negative values speak against the class
  std::map<std::string, Array> arrays{};                    ///< numbers to be kept, by the file's name
  std::vector<std::pair<std::string, Picture>> pictures{};  ///< shown after the map, with the files' names
  std::vector<Figure> figures{};
  Json results = Json::object();    ///< for run.json
  std::vector<std::string> said{};  ///< for the terminal
};

/// One way to answer. Its own keys of the configuration are its members, told by describe(). Like an algorithm it owns
/// no mathematics of layers.
class AttributionMethod : public Params {
 public:
  /// What it wants of the network, a batch of images included; it begins with question.base_request().
  virtual PlanRequest request(const Question& question) const = 0;
  /// `session` serves request(), and its last forward pass was on the photo, in every place of the batch.
  virtual Attribution attribute(const ClassQuestion& question, Session& session) const = 0;
};

/// A method's name and how it is made.
struct MethodInfo {
  std::string name, summary, source;  ///< `source`: the paper
  /// With which settings it takes part in attribution_compare, each as "key=value key=value"; "" is the defaults.
  std::vector<std::string> compared{""};
  std::unique_ptr<AttributionMethod> (*make)() = nullptr;
};

std::vector<MethodInfo> attribution_methods();  ///< sorted by name

/// A method with settings, "NAME key=value key=value" (values as JSON or plain text). Throws InputError that begins
/// with `where`: no such method, with the nearest names; an unknown key or a wrong value.
std::unique_ptr<AttributionMethod> make_method(const std::string& text, const std::string& where);

/// Runs the photo through the session and asks for a class (a number, a name, "" the most probable one; find_class).
ClassQuestion choose_class(const Question& question, const NumberOrName& wanted, Session& session);

/// An algorithm that shows what one method answers.
std::unique_ptr<Algorithm> explain_by(std::unique_ptr<AttributionMethod> method);

void add_method(MethodInfo info);

/// A method's file puts it into the list, and an algorithm of its name into that of algorithms, by one object of this
/// type.
template <class Method>
struct RegisterMethod {
  explicit RegisterMethod(MethodInfo info) {
    info.make = []() -> std::unique_ptr<AttributionMethod> { return std::make_unique<Method>(); };
    const RegisterAlgorithm algorithm({info.name, info.summary, info.source, []() -> std::unique_ptr<Algorithm> {
                                         return explain_by(std::make_unique<Method>());
                                       }});
    add_method(std::move(info));
  }
};

}  // namespace convlens::viz
