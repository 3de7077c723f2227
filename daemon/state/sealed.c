/* Lists of sealed namespaces: counted parts in sorted arrays. */
#include "state/sealed.h"

#include "base/array.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct sealed_file *sealed_file_new(uint64_t checkpoint, const char *name)
{
    struct sealed_file *file = memory_zalloc(1, sizeof(*file));

    if (!file)
        return NULL;
    atomic_init(&file->references, 1);
    file->checkpoint = checkpoint;
    snprintf(file->name, sizeof(file->name), "%s", name);
    return file;
}

void sealed_file_unref(struct sealed_file *file)
{
    if (file && atomic_fetch_sub(&file->references, 1) == 1)
        memory_free(file);
}

struct sealed_space *sealed_space_new(int64_t ns, uint64_t seal, struct sealed_file *file,
                                      struct snapshot_block *blocks, uint32_t count)
{
    struct sealed_space *space = memory_zalloc(1, sizeof(*space));

    if (!space) {
        memory_free(blocks);
        return NULL;
    }
    atomic_init(&space->references, 1);
    atomic_fetch_add(&file->references, 1);
    space->ns = ns;
    space->seal = seal;
    space->file = file;
    space->blocks = blocks;
    space->count = count;
    return space;
}

static void space_unref(struct sealed_space *space)
{
    if (atomic_fetch_sub(&space->references, 1) != 1)
        return;
    sealed_file_unref(space->file);
    memory_free(space->blocks);
    memory_free(space);
}

int sealed_list_push(struct sealed_list *list, struct sealed_space *space)
{
    if (!array_push(list, space))
        return 0;
    space_unref(space);
    return STREAMD_E_NOMEM;
}

int sealed_list_share(struct sealed_list *list, struct sealed_space *space)
{
    atomic_fetch_add(&space->references, 1);
    return sealed_list_push(list, space);
}

struct sealed_space *sealed_list_find(const struct sealed_list *list, int64_t ns)
{
    size_t low = 0, high = list->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (list->items[middle]->ns < ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low < list->count && list->items[low]->ns == ns ? list->items[low] : NULL;
}

static int by_namespace(const void *a, const void *b)
{
    const struct sealed_space *const *x = a, *const *y = b;

    return ((*x)->ns > (*y)->ns) - ((*x)->ns < (*y)->ns);
}

void sealed_list_sort(struct sealed_list *list)
{
    if (list->count)
        qsort(list->items, list->count, sizeof(struct sealed_space *), by_namespace);
}

void sealed_list_thin(struct sealed_list *list)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i]->file->given_up)
            space_unref(list->items[i]);
        else
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

void sealed_list_clear(struct sealed_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        space_unref(list->items[i]);
    array_clear(list);
}
