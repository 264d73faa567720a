#pragma once

#include <atomic>

#include "kernels/simt/emulator/watcher.h"

/// Atomic functions (CUDA C++ Programming Guide, "Atomic Functions") for global and shared memory. Each returns the
/// former value.

template <class T>
T atomicAdd(T* address, T value, std::source_location where = std::source_location::current()) {
  simt::tell(address, sizeof(T), simt::Access::atomic, where);
  return std::atomic_ref<T>(*address).fetch_add(value);
}
template <class T>
T atomicSub(T* address, T value, std::source_location where = std::source_location::current()) {
  simt::tell(address, sizeof(T), simt::Access::atomic, where);
  return std::atomic_ref<T>(*address).fetch_sub(value);
}
template <class T>
T atomicExch(T* address, T value, std::source_location where = std::source_location::current()) {
  simt::tell(address, sizeof(T), simt::Access::atomic, where);
  return std::atomic_ref<T>(*address).exchange(value);
}
template <class T>
T atomicOr(T* address, T value, std::source_location where = std::source_location::current()) {
  simt::tell(address, sizeof(T), simt::Access::atomic, where);
  return std::atomic_ref<T>(*address).fetch_or(value);
}
template <class T>
T atomicAnd(T* address, T value, std::source_location where = std::source_location::current()) {
  simt::tell(address, sizeof(T), simt::Access::atomic, where);
  return std::atomic_ref<T>(*address).fetch_and(value);
}
template <class T>
T atomicCAS(T* address, T compare, T value, std::source_location where = std::source_location::current()) {
  simt::tell(address, sizeof(T), simt::Access::atomic, where);
  std::atomic_ref<T>(*address).compare_exchange_strong(compare, value);
  return compare;
}
template <class T>
T atomicMax(T* address, T value, std::source_location where = std::source_location::current()) {
  simt::tell(address, sizeof(T), simt::Access::atomic, where);
  std::atomic_ref<T> target(*address);
  T old = target.load();
  while (old < value && !target.compare_exchange_weak(old, value)) {
  }
  return old;
}
template <class T>
T atomicMin(T* address, T value, std::source_location where = std::source_location::current()) {
  simt::tell(address, sizeof(T), simt::Access::atomic, where);
  std::atomic_ref<T> target(*address);
  T old = target.load();
  while (value < old && !target.compare_exchange_weak(old, value)) {
  }
  return old;
}
