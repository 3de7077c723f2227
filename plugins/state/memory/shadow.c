/*
 * Snapshots bit by bit. A space that takes part is cut into chunks of 32 numbers; a chunk is given
 * to the engine when the sweep comes to it, or before the first of its rows is handed out for
 * writing, erased, or made again from an erased one. Rows made at new numbers are not part of it.
 *
 *   numbers   0 ........ 31 | 32 ....... 63 | ... | shadow_end | new ones
 *   taken     1             | 0             |     |
 *                                  ^ the sweep
 *
 * A space that is dropped meanwhile leaves the table and waits, with all its rows, for the sweep.
 */
#include "table.h"

#include <string.h>

enum { WORD = 64 };

static uint32_t chunks_of(const struct space *s)
{
    return (s->shadow_end + SHADOW_CHUNK - 1) / SHADOW_CHUNK;
}

/* Gives a chunk to the engine. */
static void take(struct table *t, struct space *s, uint32_t chunk)
{
    uint32_t from = chunk * SHADOW_CHUNK, to = from + SHADOW_CHUNK, n = 0;
    void *rows[SHADOW_CHUNK];

    if (to > s->shadow_end)
        to = s->shadow_end;
    for (uint32_t i = from; i < to; i++) {
        uint8_t *row = row_at(t, s, i);

        if (head_of(row)->number != ROW_DEAD)
            rows[n++] = row;
    }
    s->shadow_taken[chunk / WORD] |= UINT64_C(1) << chunk % WORD;
    if (n)
        t->shadow->take(t->shadow->self, s->id, rows, n);
}

void shadow_take(struct table *t, struct space *s, uint32_t number)
{
    uint32_t chunk = number / SHADOW_CHUNK;

    if (!(s->shadow_taken[chunk / WORD] >> chunk % WORD & 1))
        take(t, s, chunk);
}

void shadow_take_rows(struct table *t, struct space *s, void *const *rows, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++)
        if (rows[k] && head_of(rows[k])->number < s->shadow_end)
            shadow_take(t, s, head_of(rows[k])->number);
}

/* The space takes part no more. */
static void leave(struct table *t, struct space *s)
{
    streamd_free(t->context, s->shadow_taken);
    s->shadow_taken = NULL;
    s->shadow_end = s->shadow_at = 0;
    t->shadow_spaces--;
}

int shadow_begin(struct streamd_table *table, const struct streamd_shadow *shadow, int64_t ns)
{
    struct table *t = table_of(table);
    struct space *s = space_find(t, ns);
    size_t bytes;

    if (!s || !s->end || s->shadow_end)
        return 0;
    bytes = ((size_t)s->end / SHADOW_CHUNK / WORD + 1) * sizeof(uint64_t);
    s->shadow_taken = streamd_alloc(t->context, bytes);
    if (!s->shadow_taken)
        return STREAMD_E_NOMEM;
    memset(s->shadow_taken, 0, bytes);
    s->shadow_end = s->end;
    s->shadow_at = 0;
    t->shadow = shadow;
    if (t->shadow_spaces++ == 0)
        t->shadow_id = INT64_MIN;
    return 0;
}

/* Goes on in one space; returns how many rows it looked at. */
static uint64_t sweep(struct table *t, struct space *s, uint64_t rows)
{
    uint32_t chunks = chunks_of(s);
    uint64_t looked = 0;

    for (; s->shadow_at < chunks && looked < rows; s->shadow_at++, looked += SHADOW_CHUNK)
        shadow_take(t, s, s->shadow_at * SHADOW_CHUNK);
    if (s->shadow_at == chunks)
        leave(t, s);
    return looked;
}

int shadow_step(struct streamd_table *table, uint64_t rows)
{
    struct table *t = table_of(table);
    uint64_t looked = 0;

    while (t->leaving && looked < rows) {
        struct space *s = t->leaving;

        looked += sweep(t, s, rows - looked);
        if (s->shadow_end)
            break;
        t->leaving = s->next;
        space_release(t, s);
    }
    for (uint32_t i = space_position(t, t->shadow_id);
         i < t->space_count && t->shadow_spaces && looked < rows; i++) {
        t->shadow_id = t->spaces[i]->id;
        if (t->spaces[i]->shadow_end)
            looked += sweep(t, t->spaces[i], rows - looked);
    }
    return t->shadow_spaces > 0;
}

void shadow_end(struct streamd_table *table)
{
    struct table *t = table_of(table);

    while (t->leaving) {
        struct space *s = t->leaving;

        t->leaving = s->next;
        leave(t, s);
        space_release(t, s);
    }
    for (uint32_t i = 0; i < t->space_count && t->shadow_spaces; i++)
        if (t->spaces[i]->shadow_end)
            leave(t, t->spaces[i]);
    t->shadow = NULL;
}
