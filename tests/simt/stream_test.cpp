// Streams and events: work is done in the order of the program.

#include <gtest/gtest.h>

#include "kernels/simt/simt.h"
#include "tests/simt/message.h"

namespace simt {
namespace {

__global__ void append(int* list, int* count, int value) { list[(*count)++] = value; }

TEST(Stream, LaunchesRunInOrder) {
  int list[4] = {}, count = 0;
  const Stream copies, kernels;
  Event copied;
  const LaunchShape one{.grid = 1, .block = 1};
  launch(copies, one, append, +list, &count, 1);
  copied.record(copies);
  kernels.wait(copied);
  launch(kernels, one, append, +list, &count, 2);
  launch(kernels, one, append, +list, &count, 3);
  launch(copies, one, append, +list, &count, 4);
  copies.synchronize();
  kernels.synchronize();
  EXPECT_EQ(std::vector(list, list + 4), std::vector({1, 2, 3, 4}));
}

TEST(Event, MeasuresTheTimeBetween) {
  const Stream stream;
  Event begin, end;
  begin.record(stream);
  end.record(stream);
  EXPECT_GE(end.milliseconds_since(begin), 0.0F);
  EXPECT_LE(begin.milliseconds_since(end), 0.0F);
}

TEST(Event, RefusesATimeThatWasNeverTaken) {
  const Stream stream;
  Event begin, end;
  begin.record(stream);
  EXPECT_NE(message([&] { end.milliseconds_since(begin); }).find("never recorded"), std::string::npos);
}

}  // namespace
}  // namespace simt
