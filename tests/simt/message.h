#pragma once

#include <gtest/gtest.h>

#include <string>

#include "kernels/simt/emulator/block.h"

namespace simt {

/// What the emulator says of the kernel that `launch` runs, and that it must find to be wrong.
template <class Launch>
std::string message(Launch launch) {
  try {
    launch();
  } catch (const KernelError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no error was found";
  return {};
}

}  // namespace simt
