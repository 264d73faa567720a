#include "viz/io/report.h"

#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <kainjow/mustache.hpp>

#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "viz/io/atomic_file.h"
#include "viz/io/report_template.h"

namespace convlens::viz {
namespace {

using kainjow::mustache::data;

std::string base64(std::span<const std::byte> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(length));
  return text;
}

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

template <typename Item, typename Convert>
data list_of(const std::vector<Item>& items, Convert convert) {
  data list(data::type::list);
  for (const Item& item : items) list.push_back(convert(item));
  return list;
}

// A list that knows whether it is empty: {{#has_x}}heading{{#x}}item{{/x}}{{/has_x}}.
template <typename Item, typename Convert>
void set_list(data& target, const std::string& name, const std::vector<Item>& items, Convert convert) {
  target.set(name, list_of(items, convert));
  target.set("has_" + name, !items.empty());
}

// The whole factor that brings a small picture to a size at which it, or each of its pixels, can be seen.
int display_factor(const Picture& picture) {
  const int wanted_size = picture.scaling == Scaling::smooth ? 192 : 384;
  return std::max(1, wanted_size / std::max(picture.image.height, picture.image.width));
}

data picture_data(const Picture& picture) {
  const std::string png = base64(encode_png(picture.image));
  const int factor = display_factor(picture);
  data result;
  result.set("caption", picture.caption);
  result.set("alt", picture.alt.empty() ? picture.caption : picture.alt);
  result.set("png", png);
  result.set("width", std::to_string(picture.image.width * factor));
  result.set("height", std::to_string(picture.image.height * factor));
  result.set("pixelated", picture.scaling == Scaling::pixelated);
  return result;
}

data score_data(const Score& score) {
  data result;
  result.set("label", score.label);
  result.set("percent", fixed(100.0 * score.value, 1));
  result.set("bar", std::isfinite(score.value) ? fixed(100.0 * std::clamp(score.value, 0.0, 1.0), 2) : "0");
  return result;
}

data figure_data(const Figure& figure) {
  data result;
  result.set("name", figure.name);
  result.set("value", figure.value);
  return result;
}

data tick_data(const ChartGeometry::Tick& tick) {
  data result;
  result.set("position", fixed(tick.position, 2));
  result.set("label", tick.label);
  return result;
}

data chart_data(const LineChart& chart) {
  const ChartGeometry geometry = lay_out(chart);
  data result;
  result.set("title", chart.title);
  result.set("x_label", chart.x_label);
  result.set("y_label", chart.y_label);
  result.set("x_ticks", list_of(geometry.x_ticks, tick_data));
  result.set("y_ticks", list_of(geometry.y_ticks, tick_data));
  result.set("legend", geometry.curves.size() > 1);
  data curves(data::type::list);
  for (size_t i = 0; i < geometry.curves.size(); ++i) {
    constexpr size_t colors = 12;
    data curve;
    curve.set("color", std::to_string(i % colors));
    curve.set("name", geometry.curves[i].name);
    curve.set("path", geometry.curves[i].path);
    curves.push_back(curve);
  }
  result.set("curves", curves);
  return result;
}

// Numbers with or without a unit ("12", "3.5 ms") are easier to compare when they end in one column.
bool reads_as_number(const std::string& cell) {
  double value = 0.0;
  return std::from_chars(cell.data(), cell.data() + cell.size(), value).ec == std::errc{};
}

data cell_data(const std::string& text, bool number) {
  data result;
  result.set("cell", text);
  result.set("number", number);
  return result;
}

data table_data(const Table& table) {
  std::vector<bool> numeric(table.header.size(), true);
  for (const auto& row : table.rows) {
    if (row.size() != numeric.size()) throw InternalError("table '" + table.caption + "' has rows of another length");
    for (size_t i = 0; i < row.size(); ++i) numeric[i] = numeric[i] && reads_as_number(row[i]);
  }
  const auto row_data = [&](const std::vector<std::string>& row) {
    data cells(data::type::list);
    for (size_t i = 0; i < row.size(); ++i) cells.push_back(cell_data(row[i], numeric[i]));
    return data("cells", cells);
  };
  data result = row_data(table.header);
  result.set("caption", table.caption);
  result.set("rows", list_of(table.rows, row_data));
  return result;
}

data note_data(const std::string& note) { return data("note", note); }

data section_data(const Section& section) {
  data result;
  result.set("section_title", section.title);
  result.set("text", section.text);
  result.set("has_text", !section.text.empty());
  result.set("has_result", !section.pictures.empty() || !section.scores.empty());
  set_list(result, "pictures", section.pictures, picture_data);
  result.set("scores_title", section.scores_title);
  set_list(result, "scores", section.scores, score_data);
  set_list(result, "section_figures", section.figures, figure_data);
  set_list(result, "charts", section.charts, chart_data);
  set_list(result, "tables", section.tables, table_data);
  set_list(result, "section_notes", section.notes, note_data);
  return result;
}

data fragment_data(const std::string& section) { return data("section", section); }

std::string render(std::string_view text, data values) {
  kainjow::mustache::mustache page{std::string(text)};
  if (!page.is_valid()) throw InternalError("a template of the page is broken: " + page.error_message());
  return page.render(values);
}

}  // namespace

std::string render_section(const Section& section) { return render(section_template, section_data(section)); }

std::string render_html(const Report& report) {
  data page;
  page.set("title", report.title);
  page.set("subtitle", report.subtitle);
  page.set("has_subtitle", !report.subtitle.empty());
  set_list(page, "figures", report.figures, figure_data);
  set_list(page, "sections", report.sections, fragment_data);
  set_list(page, "notes", report.notes, note_data);
  page.set("has_configuration", !report.configuration.is_null());
  page.set("configuration", report.configuration.dump(2, ' ', false, Json::error_handler_t::replace));
  return render(report_template, page);
}

void write_html(const std::filesystem::path& path, const Report& report) { write_file(path, render_html(report)); }

}  // namespace convlens::viz
