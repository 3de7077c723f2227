/*
 * The operator `dedup`: rows whose key was there already do not pass (dedup.h has the rules).
 *
 * A batch is one lookup, which finds or makes the row of each key, and one loop, which decides.
 * Nearly always a key has one time to compare with. Only where the same key has passed several
 * times within reach of the watermark do the earlier ones lie in the list `before`, and a flag in
 * the row says so.
 *
 *    seen     key | time = 12:00 | more      before   key -> 11:20, 10:40
 *
 * Budget: the lookup and 2 ns a row.
 */
#include "dedup.h"

#include <string.h>

enum { PIECE = 1024, PIECES = 64 }; /* rows that are forgotten at once, and in one call */

struct dedup {
    struct streamd_context *c;
    const struct dedup_plan *p;
    struct streamd_table *seen, *before;
    int64_t watermark; /* the host tells it again after a restart */

    uint32_t room; /* rows that the arrays have room for */
    void **rows;
    uint8_t *created;
    const struct streamd_column **columns; /* of the key in the batch at hand */
    struct streamd_keys keys;
};

static enum streamd_flow no_memory(struct dedup *d)
{
    return streamd_fail(d->c, STREAMD_FAIL_TASK, 5301, "no memory for the keys of dedup");
}

/* ---- what is remembered --------------------------------------------------------------------- */

static inline int64_t *seen_time(const struct dedup *d, void *row)
{
    return streamd_row_value(d->seen->layout, row, d->c->key_count + SEEN_TIME);
}

static inline uint8_t *seen_more(const struct dedup *d, void *row)
{
    return streamd_row_value(d->seen->layout, row, d->c->key_count + SEEN_MORE);
}

static inline int64_t *before_time(const struct dedup *d, void *row)
{
    return streamd_row_value(d->before->layout, row, d->c->key_count);
}

static inline int is_near(int64_t a, int64_t b, int64_t within)
{
    return a < b ? (uint64_t)b - (uint64_t)a < (uint64_t)within
                 : (uint64_t)a - (uint64_t)b < (uint64_t)within;
}

/* The k-th row of the batch as keys of one row. */
static struct streamd_keys one_key(const struct dedup *d, uint32_t k, uint16_t *at)
{
    struct streamd_keys one = d->keys;

    *at = (uint16_t)(one.sel ? one.sel[k] : k);
    one.n = 1;
    one.sel = at;
    return one;
}

/* Did an earlier row of the k-th row's key pass that is near in time? 1, 0, or negative. */
static int was_before(struct dedup *d, uint32_t k, int64_t time)
{
    uint16_t at;
    struct streamd_keys one = one_key(d, k, &at);
    void *row;
    int rc = streamd_table_lookup(d->before, 0, &one, STREAMD_LOOKUP_FIND, &row, NULL);

    if (rc)
        return rc;
    for (; row; row = streamd_table_next(d->before, 0, row))
        if (is_near(*before_time(d, row), time, d->p->within))
            return 1;
    return 0;
}

static int remember_before(struct dedup *d, uint32_t k, int64_t time)
{
    uint16_t at;
    struct streamd_keys one = one_key(d, k, &at);
    void *row;
    int rc = streamd_table_append(d->before, 0, &one, &row);

    if (rc)
        return rc;
    *before_time(d, row) = time;
    return streamd_table_reorder(d->before, &row, 1);
}

/* ---- does a row pass? ----------------------------------------------------------------------- */

/* 1: the k-th row passes; 0, or negative. */
static int is_first(struct dedup *d, uint32_t k, int64_t time)
{
    void *row = d->rows[k];
    int64_t *latest, earlier;
    int rc;

    if (!d->p->within)
        return d->created[k];
    latest = seen_time(d, row);
    if (d->created[k]) {
        *latest = time;
        return streamd_table_reorder(d->seen, &row, 1) ? STREAMD_E_NOMEM : 1;
    }
    if (is_near(*latest, time, d->p->within))
        return 0;
    rc = *seen_more(d, row) ? was_before(d, k, time) : 0;
    if (rc)
        return rc < 0 ? rc : 0;
    earlier = time < *latest ? time : *latest;
    *latest = time > *latest ? time : *latest;
    *seen_more(d, row) = 1;
    rc = remember_before(d, k, earlier);
    return rc ? rc : 1;
}

/* 1: the k-th row replaces what passed before it; 0, or negative. */
static int is_last(struct dedup *d, uint32_t k, int64_t time)
{
    void *row = d->rows[k];
    int64_t *latest;

    if (!d->p->timed)
        return 1;
    latest = seen_time(d, row);
    if (!d->created[k] && time < *latest)
        return 0;
    *latest = time;
    if (d->created[k] && d->p->within)
        return streamd_table_reorder(d->seen, &row, 1) ? STREAMD_E_NOMEM : 1;
    return 1;
}

/* ---- a batch -------------------------------------------------------------------------------- */

static int make_room(struct dedup *d, uint32_t rows)
{
    if (rows <= d->room)
        return 0;
    streamd_free(d->c, d->rows);
    streamd_free(d->c, d->created);
    d->rows = streamd_alloc(d->c, rows * sizeof(*d->rows));
    d->created = streamd_alloc(d->c, rows * sizeof(*d->created));
    d->room = d->rows && d->created ? rows : 0;
    return d->room ? 0 : STREAMD_E_NOMEM;
}

/* Finds the rows of all keys. 0 or negative after streamd_fail. */
static int look_up(struct dedup *d, struct streamd_batch *b)
{
    int rc;

    for (uint32_t i = 0; i < d->c->key_count; i++)
        d->columns[i] = &b->columns[d->c->key_fields[i]];
    d->keys = (struct streamd_keys){.n = b->count, .sel = b->sel, .columns = d->columns};
    if (streamd_hash_keys(d->c, d->seen, b, &d->keys.hash))
        return -1;
    rc = streamd_table_lookup(d->seen, 0, &d->keys, STREAMD_LOOKUP_CREATE, d->rows, d->created);
    if (rc == STREAMD_E_LIMIT)
        streamd_fail(d->c, STREAMD_FAIL_TASK, 5305, "dedup remembers too many keys");
    else if (rc)
        no_memory(d);
    return rc;
}

/* Sends rows of the batch, with their kinds where they are not all inserts. */
static int send(struct dedup *d, uint32_t output, struct streamd_batch *b, const uint16_t *rows,
                uint32_t n, uint8_t *kinds)
{
    struct streamd_batch *out = streamd_batch_derive(d->c, b, b->schema);

    if (!out) {
        no_memory(d);
        return -1;
    }
    memcpy(out->columns, b->columns, b->schema->field_count * sizeof(*out->columns));
    out->sel = rows;
    out->count = n;
    out->row_kind = kinds;
    return streamd_emit(d->c, output, out);
}

/* Takes rows that are too late out of the batch and sends them away. 0 or negative. */
static int send_late(struct dedup *d, struct streamd_batch *b)
{
    int64_t before = d->watermark - d->p->within; /* those up to here */
    uint16_t *late, *others;
    uint32_t n = 0, m = 0;

    if (!d->p->within || d->watermark < INT64_MIN + d->p->within || b->min_time > before)
        return 0;
    late = streamd_batch_alloc(d->c, b, b->count * sizeof(*late));
    others = streamd_batch_alloc(d->c, b, b->count * sizeof(*others));
    if (!late || !others) {
        no_memory(d);
        return -1;
    }
    for (uint32_t k = 0; k < b->count; k++) {
        uint32_t row = streamd_batch_row(b, k);

        if (b->event_time[row] <= before)
            late[n++] = (uint16_t)row;
        else
            others[m++] = (uint16_t)row;
    }
    if (n == 0)
        return 0;
    streamd_count(d->c, "late", n);
    b->sel = others;
    b->count = m;
    return send(d, 1, b, late, n, NULL) < 0 ? -1 : 0;
}

/* Writes the rows that pass to `sel`, and their kinds where `kinds` is not NULL. How many, or
   negative after streamd_fail. */
static int64_t decide(struct dedup *d, const struct streamd_batch *b, uint16_t *sel, uint8_t *kinds)
{
    uint32_t n = 0;

    for (uint32_t k = 0; k < b->count; k++) {
        uint32_t row = streamd_batch_row(b, k);
        int64_t time = d->p->timed ? b->event_time[row] : 0;
        int passes = kinds ? is_last(d, k, time) : is_first(d, k, time);

        if (passes < 0) {
            no_memory(d);
            return -1;
        }
        if (!passes)
            continue;
        sel[n++] = (uint16_t)row;
        if (kinds)
            kinds[row] = d->created[k] ? STREAMD_INSERT : STREAMD_UPDATE_AFTER;
    }
    return n;
}

static enum streamd_flow dedup_batch(struct streamd_context *c, void *self, uint32_t input,
                                     struct streamd_batch *b)
{
    struct dedup *d = self;
    uint16_t *sel = streamd_batch_alloc(c, b, b->rows * sizeof(*sel));
    uint8_t *kinds = d->p->keep == KEEP_LAST ? streamd_batch_alloc(c, b, b->rows) : NULL;
    int64_t n;

    (void)input;
    if (!sel || (d->p->keep == KEEP_LAST && !kinds) || make_room(d, b->rows))
        return no_memory(d);
    if (d->p->timed && !b->event_time)
        return streamd_fail(c, STREAMD_BUG, 5390, "rows of dedup have no event time");
    if (send_late(d, b))
        return STREAMD_FAILED;
    if (b->count == 0)
        return STREAMD_OK;
    if (look_up(d, b))
        return STREAMD_FAILED;
    n = decide(d, b, sel, kinds);
    if (n < 0)
        return STREAMD_FAILED;
    return n && send(d, 0, b, sel, (uint32_t)n, kinds) < 0 ? STREAMD_FAILED : STREAMD_OK;
}

/* ---- forgetting ----------------------------------------------------------------------------- */

/* Forgets up to PIECE rows of a table that have a time up to `until`. 1: there may be more; 0; or
   negative. Times of `seen` may have risen since they went into the index. */
static int forget_piece(struct dedup *d, struct streamd_table *t, int64_t until)
{
    uint32_t n = streamd_table_due(t, until, d->rows, PIECE), keep = 0, gone = 0;
    uint32_t more = n == PIECE;
    void *late[PIECE];
    int rc = 0;

    for (uint32_t k = 0; k < n; k++) {
        int64_t time = t == d->seen ? *seen_time(d, d->rows[k]) : *before_time(d, d->rows[k]);

        if (time > until)
            d->rows[keep++] = d->rows[k];
        else
            late[gone++] = d->rows[k];
    }
    if (keep)
        rc = streamd_table_reorder(t, d->rows, keep);
    if (!rc && gone)
        rc = streamd_table_erase(t, 0, late, gone);
    return rc ? rc : (int)more;
}

/* A piece at a time, so that other nodes get their turn when millions of keys go at once. */
static enum streamd_flow forget(struct dedup *d)
{
    int64_t until;

    if (!d->p->within || d->watermark < INT64_MIN + d->p->within)
        return STREAMD_OK;
    until = d->watermark - d->p->within;
    for (int i = 0; i < PIECES; i++) {
        int more = forget_piece(d, d->seen, until);

        if (more >= 0 && d->before) {
            int also = forget_piece(d, d->before, until);

            more = also < 0 ? also : more | also;
        }
        if (more < 0)
            return no_memory(d);
        if (!more)
            return STREAMD_OK;
    }
    return STREAMD_HAS_MORE;
}

static enum streamd_flow dedup_watermark(struct streamd_context *c, void *self, int64_t watermark)
{
    struct dedup *d = self;

    (void)c;
    if (watermark == INT64_MAX) /* nothing comes any more, and nothing needs to be forgotten */
        return STREAMD_OK;
    d->watermark = watermark;
    return forget(d);
}

static enum streamd_flow dedup_resume(struct streamd_context *c, void *self)
{
    (void)c;
    return forget(self);
}

/* ---- a task's life -------------------------------------------------------------------------- */

static void dedup_close(struct streamd_context *c, void *self)
{
    struct dedup *d = self;

    streamd_free(c, d->rows);
    streamd_free(c, d->created);
    streamd_free(c, d->columns);
    streamd_free(c, d);
}

static int dedup_open(struct streamd_context *c, void **self)
{
    const struct dedup_plan *p = c->bound;
    struct dedup *d = streamd_alloc(c, sizeof(*d));

    if (!d) {
        streamd_fail(c, STREAMD_FAIL_TASK, 5301, "no memory for the keys of dedup");
        return STREAMD_E_NOMEM;
    }
    memset(d, 0, sizeof(*d));
    d->c = c;
    d->p = p;
    d->watermark = INT64_MIN;
    d->seen = streamd_context_table(c, p->seen);
    d->before = p->within && p->keep == KEEP_FIRST ? streamd_context_table(c, p->before) : NULL;
    d->columns = streamd_alloc(c, c->key_count * sizeof(*d->columns));
    if (!d->columns || make_room(d, c->batch_rows > PIECE ? c->batch_rows : PIECE)) {
        no_memory(d);
        dedup_close(c, d);
        return STREAMD_E_NOMEM;
    }
    *self = d;
    return 0;
}

static const struct streamd_operator dedup = {
    .descriptor = {STREAMD_DESCRIPTOR(struct streamd_operator, STREAMD_OPERATOR, "dedup"),
                   "Lets one row per key pass: the first, or always the latest.",
                   dedup_options_table, sizeof(struct dedup_options)},
    .bind = dedup_bind,
    .open = dedup_open,
    .batch = dedup_batch,
    .watermark = dedup_watermark,
    .resume = dedup_resume,
    .close = dedup_close,
};

STREAMD_EXPORT const struct streamd_descriptor *streamd_plugin(uint32_t index)
{
    return index == 0 ? &dedup.descriptor : NULL;
}
