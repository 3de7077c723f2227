/* What a checkpoint wrote, table by table. Files are few: they are looked for from the newest on.
 */
#include "worker/catalogue.h"

#include "base/array.h"

#include <stdatomic.h>

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
