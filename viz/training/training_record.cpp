#include "viz/training/training_record.h"

#include <cmath>
#include <numeric>

#include "kernels/base/error.h"
#include "viz/exact_numbers.h"
#include "viz/optimisation/not_finite.h"
#include "viz/text.h"

namespace convlens::viz {
namespace {

Json to_json(const TermCurves& curves) { return {{"totals", curves.totals}, {"terms", curves.terms}}; }

TermCurves curves_of(const Json& json) {
  return {json.at("totals").get<std::vector<double>>(), json.at("terms").get<std::vector<std::vector<double>>>()};
}

LineChart chart(const std::string& title, const std::string& x_label, const TermCurves& curves,
                const std::vector<std::string>& terms) {
  LineChart chart{.title = title, .x_label = x_label, .y_label = "weighted loss", .y_axis = Axis::logarithmic};
  chart.series.push_back({"total", curves.totals});
  for (size_t i = 0; i < terms.size(); ++i) chart.series.push_back({terms[i], curves.terms[i]});
  return chart;
}

Table before_and_after(const TermCurves& curves, const std::vector<std::string>& terms) {
  Table table{.caption = "Unseen photos: each term times its weight", .header = {"term", "before", "after", "ratio"}};
  const auto add = [&](const std::string& name, const std::vector<double>& values) {
    table.rows.push_back({name, scientific(values.front()), scientific(values.back()),
                          values.front() > 0 ? percent(values.back() / values.front()) : "-"});
  };
  for (size_t i = 0; i < terms.size(); ++i) add(terms[i], curves.terms[i]);
  add("total", curves.totals);
  return table;
}

}  // namespace

void TermCurves::add(std::span<const double> values) {
  double total = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    terms[i].push_back(values[i]);
    total += values[i];
  }
  totals.push_back(total);
}

TrainingRecord::TrainingRecord(std::vector<std::string> terms) : terms_(std::move(terms)) {
  training.terms.resize(terms_.size());
  validation.terms.resize(terms_.size());
}

Json TrainingRecord::state() const {
  Json state{{"training", to_json(training)}, {"validation", to_json(validation)}, {"previews", Json::array()}};
  for (const Preview& preview : previews) state["previews"].push_back({preview.step, to_binary(preview.png)});
  return state;
}

void TrainingRecord::restore(const Json& state) {
  training = curves_of(state.at("training"));
  validation = curves_of(state.at("validation"));
  previews.clear();
  for (const Json& json : state.at("previews")) {
    const auto bytes = bytes_of(json.at(1));
    previews.push_back({json.at(0), {bytes.begin(), bytes.end()}});
  }
}

Json TrainingRecord::json() const {
  return {{"terms", terms_}, {"training", to_json(training)}, {"validation", to_json(validation)}};
}

Section TrainingRecord::section(const std::string& title, const std::string& text,
                                const std::map<std::string, std::string>& broken, OutputFolder& folder) const {
  Section section{.title = title, .text = text};
  section.charts.push_back(chart("Loss", "step", training, terms_));
  section.charts.push_back(chart("Loss of unseen photos", "preview", validation, terms_));
  section.tables.push_back(before_and_after(validation, terms_));
  if (!broken.empty()) {
    Table table{.caption = "Passed over: files that cannot be read", .header = {"file", "reason"}};
    for (const auto& [file, reason] : broken) table.rows.push_back({file, reason});
    section.tables.push_back(std::move(table));
  }
  for (const Preview& preview : previews) {
    const std::string name = "preview-" + std::to_string(preview.step);
    const Image image = decode_image(preview.png, name);
    folder.save(name, image);
    section.pictures.push_back({.caption = "after " + std::to_string(preview.step) + " steps", .image = image});
  }
  return section;
}

void add_means(const Session& session, const std::vector<Term>& terms, int64_t batch, int64_t count, double share,
               std::vector<double>& means) {
  for (size_t t = 0; t < terms.size(); ++t) {
    const Array values = session.value(terms[t].loss.layer);
    const double weight = terms[t].weight * static_cast<double>(batch);  // of one picture
    means[t] += share * weight * std::accumulate(values.values.begin(), values.values.begin() + count, 0.0) /
                static_cast<double>(count);
  }
}

void check_loss(double loss, int64_t step, const Model& network, const Session& session,
                const std::vector<Term>& terms) {
  if (std::isfinite(loss)) return;
  std::vector<Loss> losses;
  for (const Term& term : terms) losses.push_back(term.loss);
  throw InputError("the loss of step " + std::to_string(step) + " is " + std::to_string(loss) + ", and first " +
                   first_not_finite(network, session, losses) +
                   " is no finite number: a smaller learning rate may help");
}

std::map<std::string, std::string> gathered(ProcessGroup& group, const std::map<std::string, std::string>& broken) {
  std::map<std::string, std::string> all;
  const auto own = Json::to_cbor(broken);
  for (const std::string& of_process : group.all_gather({own.begin(), own.end()}))
    all.merge(Json::from_cbor(of_process).get<std::map<std::string, std::string>>());
  return all;
}

std::vector<std::string> names_of(const std::vector<Term>& terms) {
  std::vector<std::string> names;
  for (const Term& term : terms) names.push_back(term.name);
  return names;
}

}  // namespace convlens::viz
