/*
 * base/array.h - arrays that grow, for any element type.
 *
 *     struct { struct thing *items; size_t count, capacity; } things = {0};
 *     if (array_push(&things, one)) ... no memory ...
 *     array_clear(&things);
 */
#ifndef BASE_ARRAY_H
#define BASE_ARRAY_H

#include "base/memory.h"

#include <stddef.h>

/* Makes room for `need` elements of `size` bytes. 0, or -1: no memory, nothing changed. */
static inline int array_grow(void **items, size_t *capacity, size_t need, size_t size)
{
    size_t wanted = *capacity ? *capacity : 8;
    void *grown;

    if (need <= *capacity)
        return 0;
    while (wanted < need) {
        if (wanted > SIZE_MAX / 2)
            return -1;
        wanted *= 2;
    }
    grown = memory_realloc(*items, wanted, size);
    if (!grown)
        return -1;
    *items = grown;
    *capacity = wanted;
    return 0;
}

/* Room for `need` elements altogether. 0, or -1: no memory. */
#define array_reserve(a, need) \
    array_grow((void **)&(a)->items, &(a)->capacity, (need), sizeof(*(a)->items))

/* Appends a value. 0, or -1: no memory. */
#define array_push(a, value) \
    (array_reserve((a), (a)->count + 1) ? -1 : ((a)->items[(a)->count++] = (value), 0))

/* Releases the memory; the array is empty. */
#define array_clear(a)                  \
    do {                                \
        memory_free((a)->items);        \
        (a)->items = NULL;              \
        (a)->count = (a)->capacity = 0; \
    } while (0)

#endif
