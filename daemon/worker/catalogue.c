/* What a checkpoint wrote, table by table. Files are few: they are looked for from the newest on.
 */
#include "worker/catalogue.h"

#include "base/array.h"

#include <stdatomic.h>
#include <stdlib.h>

/* Files that may be referred to: at a start all of them are verified and opened. And how much of
   them may be of no use, beside as much as is. */
enum { FILES_MOST = 64, WASTE = 16 * 1024 * 1024 };

struct catalogue *catalogue_new(uint64_t id)
{
    struct catalogue *c = memory_zalloc(1, sizeof(*c));

    if (c)
        c->id = id;
    return c;
}

static int add_file(struct catalogue *c, struct sealed_file *file)
{
    for (size_t i = c->refers.count; i-- > 0;)
        if (c->refers.items[i] == file)
            return 0;
    if (array_push(&c->refers, file))
        return STREAMD_E_NOMEM;
    atomic_fetch_add(&file->references, 1);
    return 0;
}

int catalogue_add(struct catalogue *c, struct sealed_list *of, struct sealed_list *sealed)
{
    const struct catalogue_part part = {.of = of, .sealed = *sealed};

    for (size_t i = 0; i < sealed->count; i++)
        if (add_file(c, sealed->items[i]->file))
            return STREAMD_E_NOMEM;
    if (array_push(&c->parts, part))
        return STREAMD_E_NOMEM;
    *sealed = (struct sealed_list){.items = NULL};
    return 0;
}

/* ---- files that are given up ------------------------------------------------------------------
 */

static void count_used(const struct catalogue *c)
{
    for (size_t i = 0; i < c->refers.count; i++) {
        c->refers.items[i]->used = 0;
        c->refers.items[i]->given_up = 0;
    }
    for (size_t i = 0; i < c->parts.count; i++) {
        const struct sealed_list *list = &c->parts.items[i].sealed;

        for (size_t k = 0; k < list->count; k++)
            for (uint32_t b = 0; b < list->items[k]->count; b++)
                list->items[k]->file->used += list->items[k]->blocks[b].length;
    }
}

static int by_use(const void *a, const void *b)
{
    const struct sealed_file *const *x = a, *const *y = b;
    double p = (double)(*x)->used / (double)(*x)->bytes;
    double q = (double)(*y)->used / (double)(*y)->bytes;

    return (p > q) - (p < q);
}

static int by_used_bytes(const void *a, const void *b)
{
    const struct sealed_file *const *x = a, *const *y = b;

    return ((*x)->used > (*y)->used) - ((*x)->used < (*y)->used);
}

/* Gives files up, those with the least in use for their size first, until what is of no use is no
   more than what is. Returns how many; they are the first then. */
static size_t give_up_waste(struct catalogue *c)
{
    uint64_t bytes = 0, used = 0;
    size_t n = 0;

    for (size_t i = 0; i < c->refers.count; i++) {
        bytes += c->refers.items[i]->bytes;
        used += c->refers.items[i]->used;
    }
    if (bytes <= 2 * used + WASTE)
        return 0;
    qsort(c->refers.items, c->refers.count, sizeof(struct sealed_file *), by_use);
    for (; n < c->refers.count && bytes > 2 * used + WASTE; n++) {
        c->refers.items[n]->given_up = 1;
        bytes -= c->refers.items[n]->bytes;
        used -= c->refers.items[n]->used;
    }
    return n;
}

/* The smaller half of too many goes into one file together. So what a namespace has is written
   again seldom: when a file's worth of files as large as its own has come. */
static void give_up_small(struct catalogue *c, size_t from)
{
    size_t count = c->refers.count - from;

    if (count <= FILES_MOST)
        return;
    qsort(c->refers.items + from, count, sizeof(struct sealed_file *), by_used_bytes);
    for (size_t i = 0; i < count - FILES_MOST / 2; i++)
        c->refers.items[from + i]->given_up = 1;
}

void catalogue_thin(struct catalogue *c)
{
    count_used(c);
    give_up_small(c, give_up_waste(c));
    for (size_t i = 0; i < c->parts.count; i++)
        sealed_list_thin(&c->parts.items[i].sealed);
}

void catalogue_apply(struct catalogue *c)
{
    for (size_t i = 0; i < c->parts.count; i++) {
        struct catalogue_part *part = &c->parts.items[i];

        sealed_list_clear(part->of);
        *part->of = part->sealed;
        part->sealed = (struct sealed_list){.items = NULL};
    }
}

void catalogue_free(struct catalogue *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->parts.count; i++)
        sealed_list_clear(&c->parts.items[i].sealed);
    for (size_t i = 0; i < c->refers.count; i++)
        sealed_file_unref(c->refers.items[i]);
    array_clear(&c->parts);
    array_clear(&c->refers);
    memory_free(c);
}
