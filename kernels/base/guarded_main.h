#pragma once

#include <exception>
#include <functional>
#include <iostream>
#include <string_view>

#include "kernels/base/error.h"

namespace convlens {

/// What a program's main() returns: `body`'s result, or after a line on standard error 2 for an InputError and 1 for
/// every other exception.
inline int guarded_main(std::string_view program, const std::function<int()>& body) {
  try {
    return body();
  } catch (const InputError& error) {
    std::cerr << program << ": " << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << program << ": " << error.what() << '\n';
    return 1;
  }
}

}  // namespace convlens
