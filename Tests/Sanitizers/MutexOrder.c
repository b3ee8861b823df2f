// Tells the thread sanitizer what the slow ways of Swift's Mutex order.
//
// On Linux `Synchronization.Mutex` is a word that is locked with one compare-and-exchange, compiled
// into whoever uses it and so seen by the sanitizer, and with futex(2) where somebody else holds it, in
// libswiftSynchronization, which is not instrumented. Without this file, every two threads that met at
// a lock would be reported as a race on what it guards (see `planted meeting` in Tools/sanitize).
//
// Tools/sanitize compiles it and has it loaded before that library; each function below takes the place
// of the library's own, calls it, and adds the one edge: whoever locks comes after whoever unlocked.
// Nothing is hidden by it: a race on anything that the lock does not guard is still one.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

// Of the sanitizer's runtime, in the program; absent in programs without it, such as /bin/sh.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

// _MutexHandle._lockSlow(_: UInt32), ._tryLockSlow() -> Bool and ._unlockSlow(), as Swift names them.
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

// `self`, the handle, is in the register that Swift has for it.
#define HANDLE __attribute__((swift_context)) void *handle
#define SWIFT __attribute__((swiftcall))

typedef SWIFT void lock_function(uint32_t thread, HANDLE);
typedef SWIFT bool try_lock_function(HANDLE);
typedef SWIFT void unlock_function(HANDLE);

// The library's own. Each thread may look it up again: it always finds the same.
static void *own(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (found == NULL) abort();
  return found;
}

SWIFT void lock_slow(uint32_t thread, HANDLE) __asm__(LOCK);
SWIFT void lock_slow(uint32_t thread, HANDLE) {
  ((lock_function *)own(LOCK))(thread, handle);
  if (__tsan_acquire != NULL) __tsan_acquire(handle);
}

SWIFT bool try_lock_slow(HANDLE) __asm__(TRY_LOCK);
SWIFT bool try_lock_slow(HANDLE) {
  bool locked = ((try_lock_function *)own(TRY_LOCK))(handle);
  if (locked && __tsan_acquire != NULL) __tsan_acquire(handle);
  return locked;
}

SWIFT void unlock_slow(HANDLE) __asm__(UNLOCK);
SWIFT void unlock_slow(HANDLE) {
  if (__tsan_release != NULL) __tsan_release(handle);
  ((unlock_function *)own(UNLOCK))(handle);
}
