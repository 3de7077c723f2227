/*
 * base/memory.h - the allocation seam: every allocation of the daemon goes through here, so that a
 * test can make the N-th one fail. Sizes in bytes. All functions return NULL when there is no
 * memory; callers carry STREAMD_E_NOMEM up. Any thread.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Uninitialised memory; size 0 gives a pointer that may be freed. */
void *memory_alloc(size_t size) __attribute__((malloc, warn_unused_result));

/* Zeroed memory for count x size bytes; NULL also where the product overflows. */
void *memory_zalloc(size_t count, size_t size) __attribute__((warn_unused_result));

/* As realloc(3) for count x size bytes, with the overflow check; on NULL the old block lives on. */
void *memory_realloc(void *old, size_t count, size_t size) __attribute__((warn_unused_result));

/* Copies a NUL-terminated text, or `length` bytes with a NUL behind them. */
char *memory_strdup(const char *text) __attribute__((warn_unused_result));
char *memory_strndup(const char *text, size_t length) __attribute__((warn_unused_result));

/* Releases what the functions above gave; NULL is fine. */
void memory_free(void *block);

/*
 * Test seam. From now on the n-th allocation of this thread (1 = the next) fails, and all after it
 * when `forever`. 0 switches failures off. Returns how many allocations have been made since the
 * last call, so that a loop knows when it has failed every one of them.
 */
uint64_t memory_fail_at(uint64_t n, int forever);

#endif
