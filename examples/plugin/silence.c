/*
 * An operator that somebody else wrote: says which keys have fallen silent.
 *
 *     quiet: {type: silence, inputs: [beats], key_by: [host], config: {after: 5m}}
 *
 * For every key of which nothing has come for `after` of event time it emits one row: the key and
 * when it was last heard of. It has an option, keyed state and a timer, and is built against an
 * installed streamd with nothing but `pkg-config --cflags streamd`.
 */
#include <streamd/streamd.h>

#include <string.h>

enum { MAX_KEYS = 32 };

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

/* The state: one row per key, with the time at which it will have been silent long enough. */
static const struct streamd_field deadline = {"deadline", {.id = STREAMD_TIMESTAMP}};

static int silence_bind(struct streamd_bind *b, const void *o)
{
    const struct streamd_schema *input = streamd_bind_input(b, 0);
    const struct streamd_strings *keys = streamd_bind_key_by(b);
    struct streamd_field *fields = streamd_bind_alloc(b, (keys->count + 1) * sizeof(*fields));
    struct streamd_schema *output = streamd_bind_alloc(b, sizeof(*output));
    struct streamd_table_decl table = {.name = "deadlines",
                                       .flags = STREAMD_TABLE_ORDERED | STREAMD_TABLE_EVENT_TIMERS,
                                       .key_count = keys->count,
                                       .keys = fields,
                                       .column_count = 1,
                                       .columns = &deadline};
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
    return rc ? rc : streamd_bind_table(b, &table) < 0 ? STREAMD_E_REPORTED : 0;
}

/* When a key that was seen at `time` counts as silent. */
static int64_t deadline_of(int64_t time, int64_t after_us)
{
    return time > INT64_MAX - after_us ? INT64_MAX : time + after_us;
}

/* A row was seen: its key's deadline moves. A row that is due earlier than the index thinks is
   looked at again when it comes due (streamd_table_due), so only new keys enter the index here. */
static enum streamd_flow silence_batch(struct streamd_context *c, void *self, uint32_t input,
                                       struct streamd_batch *b)
{
    const struct silence_options *o = c->options;
    struct streamd_table *table = streamd_context_table(c, 0);
    const struct streamd_column *columns[MAX_KEYS];
    struct streamd_keys keys = {.n = b->count, .sel = b->sel, .columns = columns};
    void **rows = streamd_batch_alloc(c, b, b->count * sizeof(*rows));
    uint8_t *created = streamd_batch_alloc(c, b, b->count);

    (void)self;
    (void)input;
    for (uint32_t k = 0; k < c->key_count; k++)
        columns[k] = &b->columns[c->key_fields[k]];
    if (!rows || !created || streamd_hash_keys(c, table, b, &keys.hash) ||
        streamd_table_lookup(table, 0, &keys, STREAMD_LOOKUP_CREATE, rows, created))
        return streamd_fail(c, STREAMD_FAIL_TASK, 0, "out of memory");
    for (uint32_t k = 0; k < b->count; k++) {
        int64_t *at = streamd_row_value(table->layout, rows[k], c->key_count);
        int64_t due = deadline_of(b->event_time[streamd_batch_row(b, k)], o->after_us);

        if (created[k] || due > *at)
            *at = due;
        if (created[k] && streamd_table_reorder(table, &rows[k], 1))
            return streamd_fail(c, STREAMD_FAIL_TASK, 0, "out of memory");
    }
    return STREAMD_OK;
}

/* Copies a key from a row of state into row `to` of a batch. */
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

/* The watermark has reached the smallest deadline. What was heard of meanwhile goes back into the
   index; the others are emitted and forgotten. A full output ends the round: resume goes on. */
static enum streamd_flow silence_timer(struct streamd_context *c, void *self, int32_t number,
                                       int64_t now)
{
    const struct silence_options *o = c->options;
    struct streamd_table *table = streamd_context_table(c, (uint32_t)number);
    struct streamd_batch *b = streamd_batch_new(c, c->output, 0);
    void *row;

    (void)self;
    while (b && b->rows < b->capacity && streamd_table_due(table, now, &row, 1)) {
        int64_t due = *(int64_t *)streamd_row_value(table->layout, row, c->key_count);

        if (due > now) {
            if (streamd_table_reorder(table, &row, 1))
                goto no_memory;
            continue;
        }
        for (uint32_t k = 0; k < c->key_count; k++)
            if (put_key(c, b, k, table->layout, row, b->rows))
                goto no_memory;
        ((int64_t *)b->columns[c->key_count].values)[b->rows] = due - o->after_us;
        b->event_time[b->rows] = due;
        b->min_time = b->rows && b->min_time < due ? b->min_time : due;
        b->max_time = b->rows && b->max_time > due ? b->max_time : due;
        b->rows = b->count = b->rows + 1;
        if (streamd_table_erase(table, 0, &row, 1))
            goto no_memory;
    }
    if (!b)
        goto no_memory;
    if (streamd_emit(c, 0, b) < 0)
        return STREAMD_FAILED;
    return STREAMD_OK; /* the host asks again while rows are due and there is room */
no_memory:
    streamd_batch_release(c, b);
    return streamd_fail(c, STREAMD_FAIL_TASK, 0, "out of memory");
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
