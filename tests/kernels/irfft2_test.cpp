// Against numpy.fft.irfft2, with imaginary parts where a spectrum of real numbers has none: NumPy 2.2.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/base/json.h"
#include "kernels/base/params.h"
#include "tests/kernels/operator_run.h"

namespace convlens::test {
namespace {

struct Spectrum {
  Json params;
  int64_t height;
  std::vector<double> image;
};

// re = np.arange(1, n + 1), im = np.arange(n) * 3 % 7 - 3;  np.fft.irfft2(re + 1j * im, s=(height, width), norm=norm),
// and with decay z / np.maximum(np.hypot(fftfreq(height)[:, None], rfftfreq(width)), 1 / max(height, width)) ** decay
const std::vector<Spectrum> spectra{
    {{{"width", 4}},
     3,
     {5.0, -0.33333333333333337, 0.0, -0.6666666666666666, -1.9330127018922192, 0.349679368558886, 1.010362971081845,
      -0.349679368558886, -1.0669872981077806, -0.5163460352255527, -1.0103629710818447, 0.5163460352255527}},
    {{{"width", 5}},
     2,
     {3.7, -1.0215864547265352, -0.12129599990797957, -0.031490404592062475, -0.025627140773422943, -1.5,
      -0.20736264577441177, 1.1861706172121427, -1.1861706172121427, 0.20736264577441177}},
    {{{"width", 5}, {"norm", "forward"}},
     2,
     {37.0, -10.215864547265351, -1.2129599990797957, -0.3149040459206247, -0.2562714077342294, -15.0,
      -2.0736264577441177, 11.861706172121426, -11.861706172121426, 2.0736264577441177}},
    {{{"width", 5}, {"norm", "ortho"}, {"decay", 1}},
     3,
     {50.99455032998858, 1.7280138438631405, 0.03421818546666572, -5.121372989021965, 1.4223796816642025,
      -12.698143407078417, -1.6772277623598217, 9.077323927651006, 1.448705376554091, -4.288890362729257,
      -7.312540153250815, -7.619907561523011, -3.131064985494813, -12.447411553388305, 8.956284160695809}},
};

class Irfft2 : public ::testing::TestWithParam<Device> {
 protected:
  // The image of a spectrum in the second of two channels, the first being 0.
  std::vector<double> image(const Spectrum& s) const {
    OperatorCase c{.op = "irfft2", .name = "numpy", .params = operator_by_name("irfft2").new_params()};
    read_params(*c.params, s.params, "test", "params");
    const int64_t width = s.params["width"].get<int64_t>(), columns = width / 2 + 1, count = s.height * columns;
    c.inputs = {{1, 4, s.height, columns}};
    OperatorRun run(c, c.problem(GetParam() == Device::reference ? DataType::f64 : DataType::f32, Layout::nchw));
    const HostTensor z({c.inputs[0], DataType::f64, Layout::nchw});
    std::ranges::fill(z.f64(), 0.0);
    for (int64_t i = 0; i < count; ++i) {
      z.f64()[static_cast<size_t>(count + i)] = static_cast<double>(i + 1);
      z.f64()[static_cast<size_t>(3 * count + i)] = static_cast<double>(i * 3 % 7 - 3);
    }
    run.inputs[0] = z.as(run.inputs[0].desc().type, Layout::nchw);
    run.run(*variants("irfft2", Pass::forward, GetParam()).at(0));
    const HostTensor y = run.output[0].as(DataType::f64, Layout::nchw);
    const auto pixels = static_cast<ptrdiff_t>(s.height * width);
    for (ptrdiff_t i = 0; i < pixels; ++i) EXPECT_EQ(y.f64()[static_cast<size_t>(i)], 0);
    return {y.f64().begin() + pixels, y.f64().end()};
  }
};

TEST_P(Irfft2, IsThatOfNumpy) {
  const double tolerance = GetParam() == Device::reference ? 1e-14 : 1e-6;
  for (const Spectrum& s : spectra) {
    const auto found = image(s);
    ASSERT_EQ(found.size(), s.image.size());
    const double scale = *std::ranges::max_element(s.image);
    for (size_t i = 0; i < found.size(); ++i)
      EXPECT_TRUE(std::abs(found[i] - s.image[i]) <= tolerance * scale) << s.params << " " << i << ": " << found[i];
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, Irfft2, ::testing::Values(Device::reference, Device::cpu, Device::simt),
                         [](const auto& info) { return to_string(info.param); });

}  // namespace
}  // namespace convlens::test
