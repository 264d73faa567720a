// Every CUDA update on every case, watched: no race, no access out of bounds, no read of what was never written.

#include <gtest/gtest.h>

#include "kernels/simt/lens/recorder.h"
#include "tests/kernels/update_run.h"

namespace convlens::test {
namespace {

class EveryUpdate : public ::testing::TestWithParam<UpdateCase> {};

TEST_P(EveryUpdate, DoesNothingWrong) {
  const UpdateCase& c = GetParam();
  UpdateRun run(c.update, c.params, c.shape, c.device);
  Generator random(5);
  const HostTensor numbers({c.shape, DataType::f64, Layout::nchw});
  fill_uniform(numbers, random, -1, 1);
  run.set(numbers);
  simt::Recorder recorder;
  run.step(numbers, 1);
  EXPECT_FALSE(recorder.launches().empty());
  for (const simt::LaunchReport& report : recorder.launches())
    for (const simt::Finding& finding : report.findings)
      ADD_FAILURE() << report.kernel << ", " << finding.where.file << ":" << finding.where.line << ", " << finding.count
                    << " times, kind " << static_cast<int>(finding.kind);
}

INSTANTIATE_TEST_SUITE_P(All, EveryUpdate, ::testing::ValuesIn(update_cases({Device::simt})), name_of);

}  // namespace
}  // namespace convlens::test
