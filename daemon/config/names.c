/* Open addressing with linear probing, at most three quarters full. */
#include "config/names.h"

#include "base/memory.h"

#include <streamd/error.h>

#include <stdint.h>
#include <string.h>
#include <xxhash.h>

static size_t hash(const struct names *n, const void *scope, const char *name)
{
    return (size_t)XXH3_64bits_withSeed(name, strlen(name), (uintptr_t)n ^ (uintptr_t)scope);
}

/* The slot of a name, or the free one where it belongs. */
static size_t find_slot(const struct names *n, const void *scope, const char *name)
{
    size_t mask = n->capacity - 1, i = hash(n, scope, name) & mask;

    while (n->slots[i].name && (n->slots[i].scope != scope || strcmp(n->slots[i].name, name) != 0))
        i = (i + 1) & mask;
    return i;
}

struct node *names_find(const struct names *n, const void *scope, const char *name)
{
    return n->capacity ? n->slots[find_slot(n, scope, name)].node : NULL;
}

static int grow(struct names *n)
{
    struct names_entry *old = n->slots;
    size_t old_capacity = n->capacity, capacity = old_capacity ? old_capacity * 2 : 256;
    struct names_entry *slots = memory_zalloc(capacity, sizeof(*slots));

    if (!slots)
        return STREAMD_E_NOMEM;
    n->slots = slots;
    n->capacity = capacity;
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].name)
            slots[find_slot(n, old[i].scope, old[i].name)] = old[i];
    memory_free(old);
    return 0;
}

int names_add(struct names *n, const void *scope, const char *name, struct node *node)
{
    if ((n->count + 1) * 4 > n->capacity * 3 && grow(n))
        return STREAMD_E_NOMEM;
    n->slots[find_slot(n, scope, name)] = (struct names_entry){scope, name, node};
    n->count++;
    return 0;
}

void names_clear(struct names *n)
{
    memory_free(n->slots);
    memset(n, 0, sizeof(*n));
}
