#pragma once

#include <stdexcept>
#include <string>

namespace convlens {

/// The user's mistake: a bad file, key or value. The message is one sentence that names where, what was expected and
/// what was found. Programs end with exit code 2.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Our mistake, or the machine's (no memory, disk full). Programs end with exit code 1.
class InternalError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace convlens
