#pragma once

#include <gtest/gtest.h>

#include <string>

namespace convlens::viz {

/// The message of the exception of type Error that `action` must throw.
template <typename Error, typename Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another exception: " << error.what();
    return {};
  }
  ADD_FAILURE() << "no exception";
  return {};
}

}  // namespace convlens::viz
