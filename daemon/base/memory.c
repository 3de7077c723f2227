/*
 * The allocation seam. Failures are counted per thread, so that a test that makes allocations fail
 * does not disturb a helper thread beside it.
 */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static _Thread_local struct {
    uint64_t made;
    uint64_t fail_at;
    int forever;
} seam;

static int must_fail(void)
{
    seam.made++;
    if (seam.fail_at == 0)
        return 0;
    return seam.forever ? seam.made >= seam.fail_at : seam.made == seam.fail_at;
}

void *memory_alloc(size_t size)
{
    return must_fail() ? NULL : malloc(size ? size : 1);
}

void *memory_zalloc(size_t count, size_t size)
{
    return must_fail() ? NULL : calloc(count ? count : 1, size ? size : 1);
}

void *memory_realloc(void *old, size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes) || must_fail())
        return NULL;
    return realloc(old, bytes ? bytes : 1);
}

char *memory_strndup(const char *text, size_t length)
{
    char *copy = memory_alloc(length + 1);

    if (!copy)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *memory_strdup(const char *text)
{
    return memory_strndup(text, strlen(text));
}

void memory_free(void *block)
{
    free(block);
}

uint64_t memory_fail_at(uint64_t n, int forever)
{
    uint64_t made = seam.made;

    seam.made = 0;
    seam.fail_at = n;
    seam.forever = forever;
    return made;
}
