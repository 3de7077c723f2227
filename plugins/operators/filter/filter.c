/*
 * The operator `filter`: keeps the rows for which `where` is true. It narrows the batch's selection
 * and copies no value. What it does with changes:
 *
 *   retract   both halves of an update are judged alone, and what passes becomes a delete (before)
 *             or an insert (after): half a pair may be left, and these two never need the other.
 *   upsert    an update that does not pass becomes a delete of its key: an older version may have
 *             passed. Deletes pass unseen, since only their key is sure to be set.
 */
#include <streamd/operator.h>

#include <string.h>

struct filter_options {
    const struct streamd_expr *where;
};

static const struct streamd_option options_table[] = {
    {.name = "where",
     .type = STREAMD_OPTION_EXPRESSION,
     .flags = STREAMD_OPTION_REQUIRED,
     .offset = offsetof(struct filter_options, where),
     .doc = "Condition over the fields of the input; rows pass where it is true, not where it is "
            "false or NULL"},
    {.name = NULL},
};

/* The changelog mode of the inputs, kept for the tasks. */
struct filter_bound {
    uint32_t changelog;
};

/* ---- bind -------------------------------------------------------------------------------- */

static int check_where(struct streamd_bind *b, const struct filter_options *o)
{
    if (!o->where || o->where->type.id == STREAMD_BOOL)
        return 0;
    streamd_bind_error(b, "where", 2131, "a condition must be true or false",
                       "compare with something: \"amount > 0\", not \"amount\"");
    return STREAMD_E_REPORTED;
}

/* The strongest mode among the inputs: a union of append and retract is retract. */
static uint32_t changelog_of(const struct streamd_bind *b)
{
    uint32_t changelog = STREAMD_APPEND;

    for (uint32_t i = 0; i < streamd_bind_input_count(b); i++) {
        uint32_t mode = streamd_bind_input_changelog(b, i);

        if (mode > changelog)
            changelog = mode;
    }
    return changelog;
}

static int filter_bind(struct streamd_bind *b, const void *options)
{
    const struct streamd_schema *schema = streamd_bind_input(b, 0);
    struct filter_bound *bound = streamd_bind_alloc(b, sizeof(*bound));
    const struct streamd_strings *key = NULL;
    int rc = check_where(b, options);

    if (rc)
        return rc;
    if (!bound)
        return STREAMD_E_NOMEM;
    bound->changelog = changelog_of(b);
    if (bound->changelog == STREAMD_UPSERT)
        key = streamd_bind_input_key(b, 0);
    streamd_bind_set_private(b, bound);
    rc = streamd_bind_accepts(b, STREAMD_APPEND | STREAMD_UPSERT | STREAMD_RETRACT);
    if (!rc)
        rc = streamd_bind_output(b, schema, bound->changelog, key);
    if (!rc)
        rc = streamd_bind_reads(b, STREAMD_NO_FIELD);
    for (uint32_t i = 0; !rc && i < schema->field_count; i++)
        rc = streamd_bind_output_from_input(b, i, i);
    return rc;
}

/* ---- rows -------------------------------------------------------------------------------- */

/* A batch with the columns of `b` and row kinds of its own, still to be set. */
static struct streamd_batch *with_own_kinds(struct streamd_context *c, struct streamd_batch *b)
{
    struct streamd_batch *d = streamd_batch_derive(c, b, b->schema);

    if (!d)
        return NULL;
    memcpy(d->columns, b->columns, b->schema->field_count * sizeof(*d->columns));
    d->row_kind = streamd_batch_alloc(c, d, b->rows);
    if (!d->row_kind) {
        streamd_batch_release(c, d);
        return NULL;
    }
    return d;
}

/* What is left of an update stands alone. */
static struct streamd_batch *split_updates(struct streamd_context *c, struct streamd_batch *b)
{
    static const uint8_t alone[] = {
        [STREAMD_INSERT] = STREAMD_INSERT,
        [STREAMD_UPDATE_BEFORE] = STREAMD_DELETE,
        [STREAMD_UPDATE_AFTER] = STREAMD_INSERT,
        [STREAMD_DELETE] = STREAMD_DELETE,
    };
    struct streamd_batch *d = with_own_kinds(c, b);

    if (!d)
        return NULL;
    for (uint32_t row = 0; row < b->rows; row++)
        d->row_kind[row] = alone[b->row_kind[row] & 3];
    return d;
}

static enum streamd_flow send(struct streamd_context *c, struct streamd_batch *b)
{
    if (!b)
        return streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory for a batch");
    return streamd_emit(c, 0, b) < 0 ? STREAMD_FAILED : STREAMD_OK;
}

/* Rows that are judged, in `live`; the number of them. */
static uint32_t without_deletes(const struct streamd_batch *b, uint16_t *live)
{
    uint32_t n = 0;

    for (uint32_t k = 0; k < b->count; k++) {
        uint32_t row = streamd_batch_row(b, k);

        if (b->row_kind[row] != STREAMD_DELETE)
            live[n++] = (uint16_t)row;
    }
    return n;
}

/*
 * `verdict` holds, by row, what becomes of it: 0 nothing, else 1 + its new kind. Judged rows are
 * the batch's selection, which `where` may narrow by rows with errors: those keep 0.
 */
static int judge(struct streamd_context *c, const struct streamd_expr *where,
                 struct streamd_batch *b, uint8_t *verdict)
{
    struct streamd_column value;

    if (streamd_eval(c, where, b, &value) < 0)
        return -1;
    for (uint32_t k = 0; k < b->count; k++) {
        uint32_t row = streamd_batch_row(b, k);
        uint8_t kind = b->row_kind[row];

        if (!streamd_column_is_null(&value, row) && ((const uint8_t *)value.values)[row])
            verdict[row] = (uint8_t)(1 + kind);
        else if (kind != STREAMD_INSERT)
            verdict[row] = 1 + STREAMD_DELETE;
    }
    return 0;
}

static enum streamd_flow filter_upserts(struct streamd_context *c, const struct streamd_expr *where,
                                        struct streamd_batch *b)
{
    const uint16_t *all = b->sel;
    uint32_t all_count = b->count, n = 0;
    uint16_t *live = streamd_batch_alloc(c, b, b->rows * sizeof(*live));
    uint16_t *sel = streamd_batch_alloc(c, b, b->rows * sizeof(*sel));
    uint8_t *verdict = streamd_batch_alloc(c, b, b->rows);
    struct streamd_batch *d;

    if (!live || !sel || !verdict)
        return send(c, NULL);
    memset(verdict, 0, b->rows);
    for (uint32_t k = 0; k < all_count; k++) {
        uint32_t row = all ? all[k] : k;

        if (b->row_kind[row] == STREAMD_DELETE)
            verdict[row] = 1 + STREAMD_DELETE;
    }
    b->count = without_deletes(b, live);
    b->sel = live;
    if (b->count > 0 && judge(c, where, b, verdict) < 0)
        return STREAMD_FAILED;
    d = with_own_kinds(c, b);
    if (!d)
        return send(c, NULL);
    for (uint32_t k = 0; k < all_count; k++) {
        uint32_t row = all ? all[k] : k;

        if (!verdict[row])
            continue;
        d->row_kind[row] = (uint8_t)(verdict[row] - 1);
        sel[n++] = (uint16_t)row;
    }
    d->sel = sel;
    d->count = n;
    return send(c, d);
}

static enum streamd_flow filter_batch(struct streamd_context *c, void *self, uint32_t input,
                                      struct streamd_batch *batch)
{
    const struct filter_options *o = c->options;
    const struct filter_bound *bound = c->bound;

    (void)self;
    (void)input;
    if (batch->row_kind && bound->changelog == STREAMD_UPSERT)
        return filter_upserts(c, o->where, batch);
    if (streamd_filter(c, o->where, batch) < 0)
        return STREAMD_FAILED;
    if (batch->count == 0)
        return STREAMD_OK;
    if (batch->row_kind && bound->changelog == STREAMD_RETRACT)
        return send(c, split_updates(c, batch));
    return send(c, streamd_batch_retain(c, batch));
}

static const struct streamd_operator filter = {
    .descriptor = {STREAMD_DESCRIPTOR(struct streamd_operator, STREAMD_OPERATOR, "filter"),
                   "Keeps the rows for which a condition is true.", options_table,
                   sizeof(struct filter_options)},
    .bind = filter_bind,
    .batch = filter_batch,
};

STREAMD_EXPORT const struct streamd_descriptor *streamd_plugin(uint32_t index)
{
    return index == 0 ? &filter.descriptor : NULL;
}
