#include "viz/progress.h"

#include <gtest/gtest.h>

#include <sstream>

namespace convlens::viz {
namespace {

struct Screen {
  std::ostringstream stream;
  double seconds = 100;
  ProgressDisplay display(bool terminal) {
    return {&stream, terminal, [this] { return seconds; }};
  }
};

TEST(Progress, ShowsBarRateTimeLeftAndNoteOnATerminal) {
  Screen screen;
  Progress progress("occlusion", "window", 200, screen.display(true));
  screen.seconds += 2;
  progress.advance(50, "loss 1.5");
  EXPECT_EQ(screen.stream.str(),
            "\r\033[Kocclusion [######------------------] 50/200, 25.0 windows/s, 6 s left, loss 1.5");
}

TEST(Progress, WritesPlainLinesNowAndThenElsewhere) {
  Screen screen;
  Progress progress("train", "step", 1000, screen.display(false));
  for (int i = 0; i < 8; ++i) {
    screen.seconds += 2;
    progress.advance();
  }
  EXPECT_EQ(screen.stream.str(),
            "train 1/1000, 2.0 s/step, 33 min 18 s left\n"
            "train 4/1000, 2.0 s/step, 33 min 12 s left\n"
            "train 7/1000, 2.0 s/step, 33 min 6 s left\n");
}

TEST(Progress, SaysNothingOfQuickWork) {
  for (const bool terminal : {true, false}) {
    Screen screen;
    {
      Progress progress("saliency", "step", 10, screen.display(terminal));
      for (int i = 0; i < 9; ++i) {
        screen.seconds += 0.1;
        progress.advance();
      }
    }
    EXPECT_EQ(screen.stream.str(), "");
  }
}

TEST(Progress, SaysNothingWhenNothingIsLeft) {
  Screen screen;
  Progress progress("saliency", "run", 1, screen.display(false));
  screen.seconds += 30;
  progress.advance();
  EXPECT_EQ(screen.stream.str(), "");
}

TEST(Progress, ClearsItsLineAtTheEnd) {
  Screen screen;
  {
    Progress progress("a", "step", 2, screen.display(true));
    screen.seconds += 5;
    progress.advance();
  }
  EXPECT_TRUE(screen.stream.str().ends_with("left\r\033[K"));
}

TEST(Progress, NeedsNoDisplay) { Progress("a", "step", 2, no_display()).advance(); }

}  // namespace
}  // namespace convlens::viz
