/*
 * Tables that are too large to be copied at once. The backend gives rows when the sweep comes to
 * them, or before they change (struct streamd_shadow), so rows of one namespace come in several
 * runs; when all are there, the runs are put in the order of namespaces.
 */
#include "base/array.h"
#include "base/error.h"
#include "state/freezer.h"

#include <stdlib.h>

/* Rows lie behind those that came before; a run goes on as long as its namespace does. */
static int add_rows(struct frozen *f, int64_t ns, void *const *rows, uint32_t n)
{
    struct frozen_space *last = f->spaces.count ? &f->spaces.items[f->spaces.count - 1] : NULL;

    if (!last || last->ns != ns) {
        const struct frozen_space run = {.ns = ns, .first = f->rows};

        if (array_push(&f->spaces, run))
            return STREAMD_E_NOMEM;
        last = &f->spaces.items[f->spaces.count - 1];
    }
    last->rows += n;
    return frozen_copy(f, f->table, ns, rows, n);
}

/* As in struct streamd_shadow. */
static void take(void *self, int64_t ns, void *const *rows, uint32_t n)
{
    struct frozen *f = self;

    if (!f->failed)
        f->failed = add_rows(f, ns, rows, n);
}

int frozen_is_for_sweep(const struct frozen *f, const struct streamd_table *t, uint64_t rows)
{
    return rows > freezer_sweep_rows(f->freezer) && t->ops->shadow_begin &&
           !(t->decl->flags & STREAMD_TABLE_LIST);
}

int frozen_sweep_begin(struct frozen *f, struct streamd_table *t)
{
    int rc = 0;

    f->table = t;
    f->shadow = (struct streamd_shadow){.self = f, .take = take};
    f->noted = f->spaces;
    f->spaces.items = NULL;
    f->spaces.count = f->spaces.capacity = 0;
    for (size_t i = 0; i < f->noted.count && !rc; i++)
        rc = t->ops->shadow_begin(t, &f->shadow, f->noted.items[i].ns);
    return rc;
}

void frozen_sweep_end(struct frozen *f)
{
    if (f->table)
        f->table->ops->shadow_end(f->table);
    f->table = NULL;
}

static int by_namespace(const void *left, const void *right)
{
    const struct frozen_space *a = left, *b = right;

    if (a->ns != b->ns)
        return a->ns < b->ns ? -1 : 1;
    return (a->first > b->first) - (a->first < b->first);
}

/* The sweep has ended. Each namespace must have as many rows as it had at the barrier: the backend
   is a plugin, and rows that it forgets would be lost without a word. */
static int put_together(struct frozen *f)
{
    size_t run = 0;

    if (f->spaces.count)
        qsort(f->spaces.items, f->spaces.count, sizeof(*f->spaces.items), by_namespace);
    for (size_t i = 0; i < f->noted.count; i++) {
        const struct frozen_space *noted = &f->noted.items[i];
        uint64_t rows = 0;

        for (; run < f->spaces.count && f->spaces.items[run].ns == noted->ns; run++) {
            f->spaces.items[run].seal = noted->seal;
            rows += f->spaces.items[run].rows;
        }
        if (rows != noted->rows)
            return STREAMD_E_PLUGIN;
    }
    return run == f->spaces.count ? 0 : STREAMD_E_PLUGIN;
}

int state_frozen_step(struct frozen *f, uint64_t rows, struct streamd_error *error)
{
    int more = f->table && !f->failed ? f->table->ops->shadow_step(f->table, rows) : 0;

    if (f->failed) {
        frozen_sweep_end(f);
        return error_set_nomem(error);
    }
    if (more || !f->table)
        return more;
    frozen_sweep_end(f);
    return put_together(f)
               ? error_set(error, STREAMD_E_PLUGIN,
                           "state table %s: its backend gave other rows than there were",
                           f->decl->name)
               : 0;
}

int state_frozen_is_complete(const struct frozen *f)
{
    return !f->table;
}
