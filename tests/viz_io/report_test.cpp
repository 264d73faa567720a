#include "viz/io/report.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <cmath>
#include <limits>
#include <string>

#include "kernels/base/error.h"
#include "kernels/base/json.h"
#include "tests/base/temporary_folder.h"

namespace convlens::viz {
namespace {

using test::TemporaryFolder;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

bool contains(const std::string& page, const std::string& text) { return page.find(text) != std::string::npos; }

int count(const std::string& page, const std::string& text) {
  int found = 0;
  for (size_t at = page.find(text); at != std::string::npos; at = page.find(text, at + 1)) ++found;
  return found;
}

// A report in which every text that a user can influence tries to break out.
Report hostile_report(const std::string& text) {
  Section section;
  section.title = section.text = section.scores_title = text;
  section.pictures = {{text, make_image(1, 2, 2), Scaling::smooth, ""},
                      {"", make_image(1, 2, 2), Scaling::smooth, text}};
  section.scores = {{text, 0.5}};
  section.figures = {{text, text}};
  section.charts = {{text, text, text, {{text, {1, 2}}, {text, {2, 1}}}, Axis::linear}};
  section.tables = {{text, {text}, {{text}}}};
  section.notes = {text};
  return {text, text, {{text, text}}, {render_section(section)}, Json{{text, text}}, {text}};
}

TEST(Report, EscapesEveryText) {
  const std::string page = render_html(hostile_report("<script>\"'&</script>{{title}}"));
  EXPECT_FALSE(contains(page, "<script"));
  EXPECT_GE(count(page, "&lt;script&gt;&quot;&apos;&amp;&lt;/script&gt;{{title}}"), 20);
  EXPECT_FALSE(contains(page, "\"'&<"));
}

TEST(Report, FetchesNothing) {
  const std::string page = render_html(hostile_report("x"));
  for (const char* reference : {"http:", "https:", "src=\"/", "url(", "@import", "<link", "<script"}) {
    EXPECT_FALSE(contains(page, reference)) << reference;
  }
  EXPECT_TRUE(contains(page, "default-src 'none'"));
}

TEST(Report, EmbedsThePictureItself) {
  Image image = make_image(3, 5, 7);
  for (size_t i = 0; i < image.values.size(); ++i) image.values[i] = float(i) / 255.0f;
  Report report{"t", "", {}, {}, {}, {}};
  report.sections.push_back(
      render_section({.title = "s", .pictures = {{"caption", image, Scaling::pixelated, "what it shows"}}}));
  const std::string page = render_html(report);

  const std::string marker = "src=\"data:image/png;base64,";
  const size_t begin = page.find(marker) + marker.size();
  const std::string text = page.substr(begin, page.find('"', begin) - begin);
  std::vector<std::byte> png(text.size());
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(png.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()), int(text.size()));
  ASSERT_GT(length, 0);
  png.resize(static_cast<size_t>(length));
  EXPECT_EQ(decode_image(png, "embedded").values, image.values);
  // 384 / 7 = 54 whole times.
  EXPECT_TRUE(contains(page, "alt=\"what it shows\" width=\"378\" height=\"270\" class=\"pixelated\""));
}

TEST(Report, ShowsScoresAsPercentAndBar) {
  const std::string page =
      render_section({.title = "s", .scores_title = "Top 2", .scores = {{"tabby", 0.8765}, {"odd", not_a_number}}});
  EXPECT_TRUE(contains(page, "87.6&nbsp;%") || contains(page, "87.7&nbsp;%"));
  EXPECT_TRUE(contains(page, "width:87.65%"));
  EXPECT_TRUE(contains(page, "width:0%"));
}

TEST(Report, AlignsColumnsOfNumbers) {
  Table table{"c", {"layer", "time", "mixed"}, {{"conv1", "1.5 ms", "3"}, {"fc", "2 ms", "none"}}};
  const std::string page = render_section({.title = "s", .tables = {table}});
  EXPECT_TRUE(contains(page, "<td class=\"number\">1.5 ms</td>"));
  EXPECT_TRUE(contains(page, "<td>3</td>"));
  table.rows.push_back({"short"});
  EXPECT_THROW(render_section({.title = "s", .tables = {table}}), InternalError);
}

TEST(Report, LeavesOutWhatIsEmpty) {
  const std::string page = render_html({"t", "", {}, {render_section({.title = "s"})}, {}, {}});
  for (const char* part : {"<dl", "<ol", "<svg", "<table", "<pre", "<figure", "Notes", "class=\"lead\""}) {
    EXPECT_FALSE(contains(page, part)) << part;
  }
}

TEST(Report, ShowsConfigurationWithForeignBytes) {
  Report report{"t", "", {}, {}, Json{{"image", "K\xe4tze.png"}}, {}};
  EXPECT_TRUE(contains(render_html(report), "&quot;image&quot;: &quot;K\xef\xbf\xbdtze.png&quot;"));
}

TEST(Report, WritesTheFile) {
  const TemporaryFolder folder;
  write_html(folder / "report.html", {"t", "", {}, {}, {}, {}});
  EXPECT_EQ(folder.file_count(), 1u);
}

TEST(LineChart, SpansTheCanvas) {
  const ChartGeometry geometry = lay_out({"loss", "step", "", {{"total", {0, 5, 10}}}, Axis::linear});
  EXPECT_EQ(geometry.curves[0].path, "M64.00 252.00h0L384.00 134.00L704.00 16.00");
  EXPECT_EQ(geometry.y_ticks.front().label, "0");
  EXPECT_EQ(geometry.y_ticks.back().label, "10");
  EXPECT_EQ(geometry.y_ticks.back().position, ChartGeometry::top);
  EXPECT_EQ(geometry.x_ticks.back().label, "2");
}

TEST(LineChart, LeavesGapsAtNanAndInfinity) {
  const double infinity = std::numeric_limits<double>::infinity();
  const ChartGeometry geometry = lay_out({"", "", "", {{"", {0, not_a_number, 10, infinity, 5}}}, Axis::linear});
  EXPECT_EQ(geometry.curves[0].path, "M64.00 252.00h0M384.00 16.00h0M704.00 134.00h0");
}

TEST(LineChart, LogarithmicAxisHasPowersOfTen) {
  const ChartGeometry geometry = lay_out({"", "", "", {{"", {1000, 0, 1}}}, Axis::logarithmic});
  ASSERT_EQ(geometry.y_ticks.size(), 4u);
  EXPECT_EQ(geometry.y_ticks[1].label, "10");
  EXPECT_EQ(geometry.curves[0].path, "M64.00 16.00h0M704.00 252.00h0");
}

TEST(LineChart, DrawsConstantsEmptyAndLoneValues) {
  for (const std::vector<double>& values :
       {std::vector<double>{}, {0}, {7, 7}, {not_a_number}, {-1e-30, -1e-30}, {1e300, -1e300}}) {
    for (const Axis axis : {Axis::linear, Axis::logarithmic}) {
      const ChartGeometry geometry = lay_out({"", "", "", {{"", values}}, axis});
      EXPECT_LE(geometry.y_ticks.size(), 8u);
      EXPECT_GE(geometry.y_ticks.size(), 2u);
      EXPECT_EQ(geometry.curves[0].path.find("not_a_number"), std::string::npos);
      EXPECT_EQ(geometry.curves[0].path.find("inf"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace convlens::viz
