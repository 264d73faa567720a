#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "kernels/base/json.h"
#include "viz/io/image.h"
#include "viz/io/line_chart.h"

namespace convlens::viz {

/// How the page shows a picture: `smooth` at its own size, shrunk to the page if need be, enlarged if it is that of a
/// small network's input; `pixelated` enlarged by a whole factor without interpolation, for maps and filters of a few
/// pixels.
enum class Scaling { smooth, pixelated };

struct Picture {
  std::string caption{};
  Image image;  ///< one or three channels, 0..1
  Scaling scaling = Scaling::smooth;
  std::string alt{};  ///< for those who cannot see it; the caption when empty
};

/// One row of a ranking, such as a class and its probability.
struct Score {
  std::string label{};
  double value = 0.0;  ///< 0..1; shown in percent and as a bar
};

/// A name and what was measured or chosen, already formatted with its unit: {"time", "41 ms"}.
struct Figure {
  std::string name{};
  std::string value{};
};

struct Table {
  std::string caption{};
  std::vector<std::string> header{};
  /// Each as long as the header; columns of numbers ("12", "3.5 ms") align right.
  std::vector<std::vector<std::string>> rows{};
};

/// One result: what is left empty does not appear. Shown in the order of the members, pictures and scores side by side
/// where the screen is wide enough.
struct Section {
  std::string title{};
  std::string text{};
  std::vector<Picture> pictures{};
  std::string scores_title{};  ///< e.g. "Top 5 classes"
  std::vector<Score> scores{};
  std::vector<Figure> figures{};
  std::vector<LineChart> charts{};
  std::vector<Table> tables{};
  std::vector<std::string> notes{};
};

/// A section as HTML. Throws InternalError when a picture cannot be encoded (see encode_png).
std::string render_section(const Section& section);

/// What an algorithm has to show. One page may hold the sections of several runs.
struct Report {
  std::string title{};
  std::string subtitle{};
  std::vector<Figure> figures{};        ///< facts about the whole run: model, input, device, time
  std::vector<std::string> sections{};  ///< as render_section gives them
  Json configuration{};                 ///< shown as text at the end; not at all when null
  std::vector<std::string> notes{};
};

/// One self-contained HTML page: pictures are embedded, nothing is fetched, no script runs, all text is escaped.
std::string render_html(const Report& report);

/// Writes that page; it appears whole or not at all (see AtomicFile, whose errors apply).
void write_html(const std::filesystem::path& path, const Report& report);

}  // namespace convlens::viz
