/*
 * An operator that somebody else wrote: says which keys have fallen silent.
 *
 *     quiet: {type: silence, inputs: [beats], key_by: [host], config: {after: 5m}}
 *
 * For every key of which nothing has come for more than `after` of event time it emits one row: the
 * key and when it was last heard of. It has an option, keyed state and timers, and is built against
 * an installed streamd with nothing but `pkg-config --cflags streamd`.
 *
 * Rows come out of order, and a batch may span hours, so a row is not looked at when it comes. It
 * waits in the table `beats` until the watermark says that nothing older will come:
 *
 *   batch ──► beats, by time ──due──► deadlines, one row per key ──due──► silent: emit, forget
 *                                         └── the next beat comes too late: emit, go on
 *
 * So the result is the same whatever the batches are and in whatever order rows come.
 */
#include <streamd/streamd.h>

#include <string.h>

enum { MAX_KEYS = 32, BEATS = 0, DEADLINES = 1 };

#define LONGEST_US (36525LL * 24 * 3600 * 1000000) /* a hundred years */

struct silence_options {
    int64_t after_us;
};

static const struct streamd_option options[] = {
    {.name = "after",
     .type = STREAMD_OPTION_DURATION,
     .flags = STREAMD_OPTION_REQUIRED,
     .offset = offsetof(struct silence_options, after_us),
     .minimum = 1,
     .maximum = LONGEST_US,
     .doc = "how long a key must be silent"},
    {0},
};

/* ---- bind: what goes in, what comes out, what is kept --------------------------------------- */

/* Both tables have the keys and one time, by which their rows come due. */
static int declare_tables(struct streamd_bind *b, uint32_t key_count,
                          const struct streamd_field *keys)
{
    static const struct streamd_field at = {"at", {.id = STREAMD_TIMESTAMP}};
    static const struct streamd_field deadline = {"deadline", {.id = STREAMD_TIMESTAMP}};
    struct streamd_table_decl table = {.name = "beats",
                                       .flags = STREAMD_TABLE_LIST | STREAMD_TABLE_ORDERED |
                                                STREAMD_TABLE_EVENT_TIMERS,
                                       .key_count = key_count,
                                       .keys = keys,
                                       .column_count = 1,
                                       .columns = &at};
    int rc = streamd_bind_table(b, &table); /* number 0: BEATS */

    if (rc < 0)
        return rc;
    table.name = "deadlines";
    table.flags = STREAMD_TABLE_UNIQUE | STREAMD_TABLE_ORDERED | STREAMD_TABLE_EVENT_TIMERS;
    table.columns = &deadline;
    rc = streamd_bind_table(b, &table);
    return rc < 0 ? rc : 0;
}

static int silence_bind(struct streamd_bind *b, const void *o)
{
    const struct streamd_schema *input = streamd_bind_input(b, 0);
    const struct streamd_strings *keys = streamd_bind_key_by(b);
    struct streamd_field *fields = streamd_bind_alloc(b, (keys->count + 1) * sizeof(*fields));
    struct streamd_schema *output = streamd_bind_alloc(b, sizeof(*output));
    int rc;

    (void)o;
    if (!fields || !output)
        return STREAMD_E_NOMEM;
    if (keys->count == 0 || keys->count > MAX_KEYS || !streamd_bind_input_event_time(b, 0)) {
        streamd_bind_error(b, "", 3900,
                           "needs key_by with 1 to 32 fields, and rows with an event time",
                           "add key_by: [field] here and event_time: {field: ...} at the source");
        return STREAMD_E_REPORTED;
    }
    for (uint32_t k = 0; k < keys->count; k++)
        for (uint32_t f = 0; f < input->field_count; f++)
            if (strcmp(input->fields[f].name, keys->items[k]) == 0)
                fields[k] = input->fields[f];
    fields[keys->count] = (struct streamd_field){"last_seen", {.id = STREAMD_TIMESTAMP}};
    *output = (struct streamd_schema){keys->count + 1, fields};
    rc = streamd_bind_reads(b, STREAMD_NO_FIELD); /* but the keys, which the host knows of */
    if (!rc)
        rc = streamd_bind_output(b, output, STREAMD_APPEND, NULL);
    return rc ? rc : declare_tables(b, keys->count, fields);
}

/* ---- batch ---------------------------------------------------------------------------------- */

static enum streamd_flow no_memory(struct streamd_context *c)
{
    return streamd_fail(c, STREAMD_FAIL_TASK, 0, "out of memory");
}

/* The rows of a batch join the beats. */
static enum streamd_flow silence_batch(struct streamd_context *c, void *self, uint32_t input,
                                       struct streamd_batch *b)
{
    struct streamd_table *beats = streamd_context_table(c, BEATS);
    const struct streamd_column *columns[MAX_KEYS];
    struct streamd_keys keys = {.n = b->count, .sel = b->sel, .columns = columns};
    void **rows = streamd_batch_alloc(c, b, b->count * sizeof(*rows));

    (void)self;
    (void)input;
    for (uint32_t k = 0; k < c->key_count; k++)
        columns[k] = &b->columns[c->key_fields[k]];
    if (!rows || streamd_hash_keys(c, beats, b, &keys.hash) ||
        streamd_table_append(beats, 0, &keys, rows))
        return no_memory(c);
    for (uint32_t k = 0; k < b->count; k++)
        *(int64_t *)streamd_row_value(beats->layout, rows[k], c->key_count) =
            b->event_time[streamd_batch_row(b, k)];
    return streamd_table_reorder(beats, rows, b->count) ? no_memory(c) : STREAMD_OK;
}

/* ---- timers --------------------------------------------------------------------------------- */

/* When a key that was seen at `time` counts as silent. */
static int64_t deadline_of(int64_t time, int64_t after_us)
{
    return time > INT64_MAX - after_us ? INT64_MAX : time + after_us;
}

/* Copies key column k from a row of state into row `to` of a batch. 0 or STREAMD_E_NOMEM. */
static int put_key(struct streamd_context *c, struct streamd_batch *b, uint32_t k,
                   const struct streamd_row_layout *l, void *row, uint32_t to)
{
    struct streamd_column *column = &b->columns[k];
    size_t width = streamd_type_width(l->fields[k].type.id);
    void *value = streamd_row_value(l, row, k);
    const struct streamd_var *text = value;

    if (width) {
        memcpy((char *)column->values + width * to, value, width);
    } else {
        if (streamd_batch_reserve(c, b, k, text->length))
            return STREAMD_E_NOMEM;
        if (text->length)
            memcpy(column->data + column->offsets[to], text->data, text->length);
        column->offsets[to + 1] = column->offsets[to] + (int32_t)text->length;
    }
    return streamd_row_is_null(row, k) ? streamd_batch_set_null(c, b, k, to) : 0;
}

/* Appends a row of state to an output batch: its keys, when it was seen, its event time. */
static int put_row(struct streamd_context *c, struct streamd_batch *b,
                   const struct streamd_row_layout *l, void *row, int64_t seen, int64_t time)
{
    uint32_t to = b->rows;

    for (uint32_t k = 0; k < c->key_count; k++)
        if (put_key(c, b, k, l, row, to))
            return STREAMD_E_NOMEM;
    ((int64_t *)b->columns[c->key_count].values)[to] = seen;
    b->event_time[to] = time;
    b->min_time = to && b->min_time < time ? b->min_time : time;
    b->max_time = to && b->max_time > time ? b->max_time : time;
    b->rows = b->count = to + 1;
    return 0;
}

/* Beats that no older one will come before, in the order of their time, as rows of an output batch
   with their keys and times. They leave the table. 0 or STREAMD_E_NOMEM. */
static int take_beats(struct streamd_context *c, struct streamd_batch *b, int64_t now)
{
    struct streamd_table *beats = streamd_context_table(c, BEATS);
    void **rows = streamd_batch_alloc(c, b, b->capacity * sizeof(*rows));
    uint32_t n = rows ? streamd_table_due(beats, now, rows, b->capacity) : 0;

    for (uint32_t i = 0; i < n; i++) {
        int64_t at = *(int64_t *)streamd_row_value(beats->layout, rows[i], c->key_count);

        if (put_row(c, b, beats->layout, rows[i], at, at))
            return STREAMD_E_NOMEM;
    }
    return rows ? streamd_table_erase(beats, 0, rows, n) : STREAMD_E_NOMEM;
}

/* Moves the deadlines of the keys in the batch. A row of it stays selected where its key had been
   silent before, and then says since when. A deadline that is raised need not be told to the index:
   the row comes due at the old time and is put back then, so only new keys enter it here. */
static int move_deadlines(struct streamd_context *c, struct streamd_batch *b)
{
    const struct silence_options *o = c->options;
    struct streamd_table *deadlines = streamd_context_table(c, DEADLINES);
    const struct streamd_column *columns[MAX_KEYS];
    struct streamd_keys keys = {.n = b->rows, .columns = columns};
    int64_t *seen = b->columns[c->key_count].values;
    void **rows = streamd_batch_alloc(c, b, b->capacity * sizeof(*rows));
    uint8_t *created = streamd_batch_alloc(c, b, b->capacity);
    uint16_t *sel = streamd_batch_alloc(c, b, b->capacity * sizeof(*sel));
    uint32_t silent = 0;

    for (uint32_t k = 0; k < c->key_count; k++)
        columns[k] = &b->columns[k];
    if (!rows || !created || !sel || streamd_hash_keys(c, deadlines, b, &keys.hash) ||
        streamd_table_lookup(deadlines, 0, &keys, STREAMD_LOOKUP_CREATE, rows, created))
        return STREAMD_E_NOMEM;
    for (uint32_t i = 0; i < b->rows; i++) {
        int64_t *deadline = streamd_row_value(deadlines->layout, rows[i], c->key_count);
        int64_t moved = deadline_of(seen[i], o->after_us);

        if (!created[i] && seen[i] > *deadline) {
            seen[i] = *deadline - o->after_us;
            b->event_time[i] = *deadline;
            b->min_time = b->min_time < *deadline ? b->min_time : *deadline;
            sel[silent++] = (uint16_t)i;
        }
        if (created[i] || moved > *deadline)
            *deadline = moved;
        if (created[i] && streamd_table_reorder(deadlines, &rows[i], 1))
            return STREAMD_E_NOMEM;
    }
    b->sel = sel;
    b->count = silent;
    return 0;
}

/* Keys of which nothing came: they are reported and forgotten. 0 or STREAMD_E_NOMEM. */
static int take_silent(struct streamd_context *c, struct streamd_batch *b, int64_t now)
{
    const struct silence_options *o = c->options;
    struct streamd_table *deadlines = streamd_context_table(c, DEADLINES);
    void *row;

    while (b->rows < b->capacity && streamd_table_due(deadlines, now, &row, 1)) {
        int64_t due = *(int64_t *)streamd_row_value(deadlines->layout, row, c->key_count);
        int rc;

        if (due > now)
            rc = streamd_table_reorder(deadlines, &row, 1);
        else if (put_row(c, b, deadlines->layout, row, due - o->after_us, due))
            rc = STREAMD_E_NOMEM;
        else
            rc = streamd_table_erase(deadlines, 0, &row, 1);
        if (rc)
            return rc;
    }
    return 0;
}

/* The watermark has reached the smallest time of a table; beats come first, since the host goes by
   the number. One batch at a time: the host asks again while rows are due and there is room. */
static enum streamd_flow silence_timer(struct streamd_context *c, void *self, int32_t number,
                                       int64_t now)
{
    struct streamd_batch *b = streamd_batch_new(c, c->output, 0);
    int rc = b ? 0 : STREAMD_E_NOMEM;

    (void)self;
    if (!rc && number == BEATS) {
        rc = take_beats(c, b, now);
        if (!rc)
            rc = move_deadlines(c, b);
    } else if (!rc) {
        rc = take_silent(c, b, now);
    }
    if (rc) {
        streamd_batch_release(c, b);
        return no_memory(c);
    }
    return streamd_emit(c, 0, b) < 0 ? STREAMD_FAILED : STREAMD_OK;
}

static const struct streamd_operator silence = {
    .descriptor = {STREAMD_DESCRIPTOR(struct streamd_operator, STREAMD_OPERATOR, "silence"),
                   "Says which keys have fallen silent.", options, sizeof(struct silence_options)},
    .bind = silence_bind,
    .batch = silence_batch,
    .timer = silence_timer,
};

const struct streamd_descriptor *streamd_plugin(uint32_t index)
{
    return index == 0 ? &silence.descriptor : NULL;
}
