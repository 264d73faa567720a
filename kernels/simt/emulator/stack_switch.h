#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define CONVLENS_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONVLENS_ADDRESS_SANITIZER
#endif
#endif
#ifdef CONVLENS_ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>
#endif

namespace simt {

/// Where a fiber's stack lies.
struct Stack {
  const void* bottom = nullptr;
  size_t size = 0;
};

// AddressSanitizer has to be told of a switch to another stack. Otherwise it takes the frames that an exception leaves
// there for those of the thread's own stack (its issue 189). Without it these classes do nothing.
#ifdef CONVLENS_ADDRESS_SANITIZER

/// Lives from before a switch to `other` until after the return, which is always from there.
class StackSwitch {
 public:
  explicit StackSwitch(Stack& other) : other_(other) {
    __sanitizer_start_switch_fiber(&frames_, other.bottom, other.size);
  }
  ~StackSwitch() { __sanitizer_finish_switch_fiber(frames_, &other_.bottom, &other_.size); }
  StackSwitch(const StackSwitch&) = delete;
  StackSwitch& operator=(const StackSwitch&) = delete;

 private:
  Stack& other_;
  void* frames_ = nullptr;
};

/// Lives as long as the code of a new fiber, which was started from `other` and ends there.
class StackLife {
 public:
  explicit StackLife(Stack& other) : other_(other) {
    __sanitizer_finish_switch_fiber(nullptr, &other.bottom, &other.size);
  }
  ~StackLife() { __sanitizer_start_switch_fiber(nullptr, other_.bottom, other_.size); }
  StackLife(const StackLife&) = delete;
  StackLife& operator=(const StackLife&) = delete;

 private:
  Stack& other_;
};

#else

struct StackSwitch {
  explicit StackSwitch(Stack&) {}
};
struct StackLife {
  explicit StackLife(Stack&) {}
};

#endif

}  // namespace simt
