// What g++ calls at every access of memory (-fsanitize=thread) and at every basic block (-fsanitize-coverage=trace-pc),
// in place of libtsan: the watcher is told, if a kernel runs. Atomic operations only have to be done: the emulator's
// atomics speak for themselves. (GCC's sanitizer.def and tsan.def name the functions and their signatures.)

#include "kernels/simt/emulator/block.h"

namespace {

[[gnu::always_inline]] inline void tell(const void* address, size_t bytes, simt::Access access, const void* code) {
  if (simt::current_thread && simt::watcher) simt::watcher->accessed(address, bytes, access, code);
}

}  // namespace

// NOLINTBEGIN: the names are the compiler's.
extern "C" {

void __tsan_init() {}
void __tsan_func_entry(void*) {
  if (simt::current_thread) ++simt::current_thread->calls;
}
void __tsan_func_exit() {
  if (simt::current_thread) --simt::current_thread->calls;
}
void __sanitizer_cov_trace_pc() {
  if (simt::current_thread && simt::watcher) simt::watcher->stepped(__builtin_return_address(0));
}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}

#define ACCESS(bytes)                                                                                             \
  void __tsan_read##bytes(void* a) { tell(a, bytes, simt::Access::read, __builtin_return_address(0)); }           \
  void __tsan_write##bytes(void* a) { tell(a, bytes, simt::Access::write, __builtin_return_address(0)); }         \
  void __tsan_unaligned_read##bytes(void* a) { tell(a, bytes, simt::Access::read, __builtin_return_address(0)); } \
  void __tsan_unaligned_write##bytes(void* a) { tell(a, bytes, simt::Access::write, __builtin_return_address(0)); }
ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)
#undef ACCESS

void __tsan_read_range(void* a, size_t bytes) { tell(a, bytes, simt::Access::read, __builtin_return_address(0)); }
void __tsan_write_range(void* a, size_t bytes) { tell(a, bytes, simt::Access::write, __builtin_return_address(0)); }

#define FETCH(bits, name, builtin)                                                                       \
  uint##bits##_t __tsan_atomic##bits##_fetch_##name(volatile uint##bits##_t* a, uint##bits##_t v, int) { \
    return builtin(a, v, __ATOMIC_SEQ_CST);                                                              \
  }
#define ATOMIC(bits)                                                                                      \
  uint##bits##_t __tsan_atomic##bits##_load(const volatile uint##bits##_t* a, int) {                      \
    return __atomic_load_n(a, __ATOMIC_SEQ_CST);                                                          \
  }                                                                                                       \
  void __tsan_atomic##bits##_store(volatile uint##bits##_t* a, uint##bits##_t v, int) {                   \
    __atomic_store_n(a, v, __ATOMIC_SEQ_CST);                                                             \
  }                                                                                                       \
  uint##bits##_t __tsan_atomic##bits##_exchange(volatile uint##bits##_t* a, uint##bits##_t v, int) {      \
    return __atomic_exchange_n(a, v, __ATOMIC_SEQ_CST);                                                   \
  }                                                                                                       \
  int __tsan_atomic##bits##_compare_exchange_strong(volatile uint##bits##_t* a, uint##bits##_t* expected, \
                                                    uint##bits##_t v, int, int) {                         \
    return __atomic_compare_exchange_n(a, expected, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);        \
  }                                                                                                       \
  int __tsan_atomic##bits##_compare_exchange_weak(volatile uint##bits##_t* a, uint##bits##_t* expected,   \
                                                  uint##bits##_t v, int, int) {                           \
    return __atomic_compare_exchange_n(a, expected, v, true, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);         \
  }                                                                                                       \
  FETCH(bits, add, __atomic_fetch_add)                                                                    \
  FETCH(bits, sub, __atomic_fetch_sub)                                                                    \
  FETCH(bits, and, __atomic_fetch_and)                                                                    \
  FETCH(bits, or, __atomic_fetch_or)                                                                      \
  FETCH(bits, xor, __atomic_fetch_xor)                                                                    \
  FETCH(bits, nand, __atomic_fetch_nand)
ATOMIC(8)
ATOMIC(16)
ATOMIC(32)
ATOMIC(64)
#undef ATOMIC
#undef FETCH

void __tsan_atomic_thread_fence(int) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
void __tsan_atomic_signal_fence(int) {}

}  // extern "C"
// NOLINTEND
