#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "viz/io/report.h"
#include "viz/optimisation/objective.h"
#include "viz/output_folder.h"
#include "viz/training/process_group.h"

namespace convlens::viz {

/// Each term of an objective times its weight, and their sum, point by point.
struct TermCurves {
  std::vector<double> totals;
  std::vector<std::vector<double>> terms;

  void add(std::span<const double> values);
};

/// How a training of pictures went: on what it was trained on, by step, and on pictures that it does not see, by
/// preview, each of which is a picture too.
class TrainingRecord {
 public:
  struct Preview {
    int64_t step;
    std::vector<std::byte> png;
  };

  TrainingRecord() = default;
  /// `terms`: their names.
  explicit TrainingRecord(std::vector<std::string> terms);

  TermCurves training, validation;
  std::vector<Preview> previews;

  Json state() const;
  void restore(const Json& state);

  Json json() const;  ///< for run.json
  /// For the page; the previews are saved in the folder too. `broken`: files that were passed over, and why.
  Section section(const std::string& title, const std::string& text, const std::map<std::string, std::string>& broken,
                  OutputFolder& folder) const;

 private:
  std::vector<std::string> terms_;
};

/// Adds to each term's mean over some pictures `share` times the mean over the first `count` of a session's batch, the
/// term being a layer N x 1 x 1 x 1 whose weight is that of one in `batch` pictures.
void add_means(const Session& session, const std::vector<Term>& terms, int64_t batch, int64_t count, double share,
               std::vector<double>& means);

/// Throws InputError, naming step and layer, unless a step's loss, the terms' sum in a session, is a finite number.
void check_loss(double loss, int64_t step, const Model& network, const Session& session,
                const std::vector<Term>& terms);

/// The files that were passed over, and why, in all processes.
std::map<std::string, std::string> gathered(ProcessGroup& group, const std::map<std::string, std::string>& broken);

/// Their names.
std::vector<std::string> names_of(const std::vector<Term>& terms);

}  // namespace convlens::viz
