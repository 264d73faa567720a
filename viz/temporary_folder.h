#pragma once

#include <filesystem>
#include <optional>

#include "viz/interrupt.h"

namespace convlens::viz {

/// An empty folder of this program's own, which goes with the object, or with the program on
/// Ctrl-C. Throws InternalError when none can be made.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::optional<RemoveOnInterrupt> remove_on_interrupt_;
};

}  // namespace convlens::viz
