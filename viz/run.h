#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/array.h"
#include "engine/model.h"
#include "engine/session.h"
#include "kernels/base/json.h"
#include "viz/config.h"
#include "viz/io/report.h"
#include "viz/output_folder.h"
#include "viz/progress.h"

namespace convlens::viz {

/// What an algorithm works with: the model, the photo as the network sees it, and where results go.
class Run {
 public:
  /// Results go to `folder` under names that begin with `prefix`; without a folder the run may only be planned.
  Run(const RunConfig& config, const Model& model, Section& section, OutputFolder* folder = nullptr,
      std::string prefix = "");

  const RunKeys& keys() const { return config_.keys; }
  const Model& model() const { return model_; }
  Device device() const { return device_; }

  const Image& photo() const;   ///< as it is in its file; throws InputError when the run has no image
  const Image& view() const;    ///< the photo at the network's size; throws as photo() does
  const Array& tensor() const;  ///< the same as the network's input
  const std::string& input_name() const { return model_.image_input().name; }

  /// A request for this run's device and image size, to which an algorithm adds what it wants.
  PlanRequest base_request() const;

  Section& section() { return section_; }
  void figure(const std::string& name, const std::string& value) { section_.figures.push_back({name, value}); }

  /// Saves a picture under this name, and shows it on the page with a caption.
  void show(const std::string& name, const Image& image, const std::string& caption, Scaling scaling = Scaling::smooth);
  void save(const std::string& name, const Array& array) { folder_->save(prefix_ + name, array); }
  void save(const std::string& name, const Image& image) { folder_->save(prefix_ + name, image); }
  void save_text(const std::string& name, const std::string& text) { folder_->save_text(prefix_ + name, text); }
  void save_file(const std::string& name, const std::function<void(const std::filesystem::path&)>& write) {
    folder_->save_file(prefix_ + name, write);
  }

  /// The folder of the results, for what outlives a run; results themselves go through save() and show().
  const std::filesystem::path& out() const { return folder_->path(); }

  /// A session that this run makes itself, besides the one of Algorithm::request.
  std::unique_ptr<Session> open(const Model& model, const PlanRequest& request);

  /// What a later program is to go on from, if this one is interrupted: OutputFolder::keep under a name of this run's.
  void keep(const std::string& note, const std::string& text) { folder_->keep(prefix_ + note, text); }
  std::optional<std::string> kept(const std::string& note) const { return folder_->kept(prefix_ + note); }
  /// The same of files: OutputFolder's hashes(), take_up() and unfinished().
  const OutputFolder::Hashes& saved() const { return folder_->hashes(); }
  bool take_up(const OutputFolder::Hashes& hashes) { return folder_->take_up(hashes); }
  bool has_saved(const std::string& name) const { return saved().contains(prefix_ + name); }
  std::filesystem::path unfinished(const std::string& name) { return folder_->unfinished(prefix_ + name); }

  /// Where a long work of this run shows its progress.
  const ProgressDisplay& display() const { return display_; }
  void show_progress_on(ProgressDisplay display) { display_ = std::move(display); }

  /// A line for the terminal.
  void say(const std::string& line) { said.push_back(line); }

  Json identity;  ///< what decides the results, as run.json has it

  /// Is told of each session that the run opens before it is used.
  std::function<void(const Session&)> on_open = [](const Session&) {};

  Json results = Json::object();  ///< the figures that run.json keeps
  std::vector<std::string> said;

 private:
  const RunConfig& config_;
  const Model& model_;
  Device device_;
  OutputFolder* folder_;
  std::string prefix_;
  Section& section_;
  ProgressDisplay display_ = no_display();
  Image photo_, view_;
  Array tensor_;
};

/// "auto" becomes cuda where this build and machine have it, else cpu.
Device resolve_device(const std::string& name);

}  // namespace convlens::viz
