/*
 * Both tables are written anew at each checkpoint and hold nothing in between: the truth is in the
 * task. Rows come out of them once, at the start.
 */
#include "worker/positions.h"

#include "base/error.h"
#include "base/text.h"
#include "state/layout.h"
#include "worker/splits.h"

#include <ctype.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { PROGRESS_TASK, PROGRESS_WATERMARK, PROGRESS_COLUMNS };
enum {
    SPLIT_ID,
    SPLIT_TASK,
    SPLIT_POSITION,
    SPLIT_DECODER,
    SPLIT_MAX_TIME,
    SPLIT_IDLE,
    SPLIT_FINISHED,
    SPLIT_COLUMNS
};

static const struct streamd_field progress_columns[PROGRESS_COLUMNS] = {
    [PROGRESS_TASK] = {"task", {.id = STREAMD_INT64}},
    [PROGRESS_WATERMARK] = {"watermark", {.id = STREAMD_TIMESTAMP, .nullable = 1}},
};

static const struct streamd_table_decl progress_table = {
    .name = "_progress",
    .flags = STREAMD_TABLE_LIST | STREAMD_TABLE_BROADCAST | STREAMD_TABLE_ALL,
    .column_count = PROGRESS_COLUMNS,
    .columns = progress_columns,
};

static const struct streamd_field split_columns[SPLIT_COLUMNS] = {
    [SPLIT_ID] = {"id", {.id = STREAMD_STRING}},
    [SPLIT_TASK] = {"task", {.id = STREAMD_INT64}},
    [SPLIT_POSITION] = {"position", {.id = STREAMD_STRING, .nullable = 1}},
    [SPLIT_DECODER] = {"decoder", {.id = STREAMD_BYTES, .nullable = 1}},
    [SPLIT_MAX_TIME] = {"max_time", {.id = STREAMD_TIMESTAMP, .nullable = 1}},
    [SPLIT_IDLE] = {"idle", {.id = STREAMD_BOOL}},
    [SPLIT_FINISHED] = {"finished", {.id = STREAMD_BOOL}},
};

static const struct streamd_table_decl splits_table = {
    .name = "_splits",
    .flags = STREAMD_TABLE_LIST | STREAMD_TABLE_BROADCAST | STREAMD_TABLE_ALL,
    .column_count = SPLIT_COLUMNS,
    .columns = split_columns,
};

uint32_t positions_owner(const char *id, uint32_t parallelism)
{
    size_t length = strlen(id), end = length;
    uint64_t number = 0;

    while (end > 0 && length - end < 18 && isdigit((unsigned char)id[end - 1]))
        end--;
    for (size_t i = end; i < length; i++)
        number = number * 10 + (uint64_t)(id[i] - '0');
    if (end > 0)
        number += XXH3_64bits(id, end) >> 32;
    return (uint32_t)(number % parallelism);
}

/* ---- opening ------------------------------------------------------------------------------ */

static int open_table(struct task *n, struct task_table *t, const struct streamd_table_decl *decl,
                      struct streamd_error *error)
{
    if (row_layout_init(&t->layout, decl))
        return error_set_nomem(error);
    return n->worker->plan->backend->open(&n->context, decl, &t->layout, &t->table, error);
}

int positions_open(struct task *n, struct streamd_error *error)
{
    int rc;

    if (!n->worker->options.lineage)
        return 0;
    rc = open_table(n, &n->progress, &progress_table, error);
    if (!rc && n->plan->kind == STREAMD_SOURCE)
        rc = open_table(n, &n->splits, &splits_table, error);
    return rc;
}

static void close_table(struct task *n, struct task_table *t)
{
    if (t->table)
        n->worker->plan->backend->close(&n->context, t->table);
    row_layout_clear(&t->layout);
    *t = (struct task_table){0};
}

void positions_close(struct task *n)
{
    close_table(n, &n->progress);
    close_table(n, &n->splits);
}

/* ---- saving ------------------------------------------------------------------------------- */

static void *add_row(struct streamd_table *t)
{
    static const uint64_t no_key = 0;
    struct streamd_keys keys = {.n = 1, .hash = &no_key};
    void *row = NULL;

    return streamd_table_append(t, 0, &keys, &row) ? NULL : row;
}

static void set_time(struct streamd_table *t, void *row, uint32_t index, int64_t value)
{
    streamd_row_set_null(row, index, value == INT64_MIN);
    *(int64_t *)streamd_row_value(t->layout, row, index) = value;
}

/* `data` NULL stands for NULL. */
static int set_bytes(struct streamd_table *t, void *row, uint32_t index, const void *data,
                     size_t length)
{
    void *room;

    streamd_row_set_null(row, index, data == NULL);
    if (!data)
        return 0;
    room = streamd_table_reserve(t, row, index, (uint32_t)(length ? length : 1));
    if (!room)
        return STREAMD_E_NOMEM;
    memcpy(room, data, length);
    ((struct streamd_var *)streamd_row_value(t->layout, row, index))->length = (uint32_t)length;
    return 0;
}

static int save_decoder(struct task *n, const struct streamd_split *split, void *row)
{
    const struct streamd_format *format = n->plan->format.format;
    struct streamd_buffer buffer = {0};
    int rc;

    if (!split->decoder || !format->decoder_save)
        return set_bytes(n->splits.table, row, SPLIT_DECODER, NULL, 0);
    rc = format->decoder_save(&n->context, split->decoder, &buffer);
    if (!rc)
        rc = set_bytes(n->splits.table, row, SPLIT_DECODER, buffer.data ? buffer.data : (void *)"",
                       buffer.length);
    streamd_buffer_clear(&n->context, &buffer);
    return rc;
}

static int save_split(struct task *n, const struct streamd_split *split)
{
    const struct streamd_source *source = (const void *)n->plan->descriptor;
    struct streamd_table *t = n->splits.table;
    char position[STREAMD_POSITION_BYTES];
    const char *at = split->position;
    void *row = add_row(t);
    int rc;

    if (!row)
        return STREAMD_E_NOMEM;
    if (split->opened) {
        n->source->current = (struct streamd_split *)split;
        rc = source->position(&n->context, n->self, split->self, position);
        if (rc)
            return rc;
        at = position;
    }
    *(int64_t *)streamd_row_value(t->layout, row, SPLIT_TASK) = n->context.task;
    *(uint8_t *)streamd_row_value(t->layout, row, SPLIT_IDLE) = (uint8_t)split->idle;
    *(uint8_t *)streamd_row_value(t->layout, row, SPLIT_FINISHED) = (uint8_t)split->finished;
    set_time(t, row, SPLIT_MAX_TIME, split->max_time);
    rc = set_bytes(t, row, SPLIT_ID, split->id, strlen(split->id));
    if (!rc)
        rc = set_bytes(t, row, SPLIT_POSITION, at, at ? strlen(at) : 0);
    if (!rc && split->opened)
        return save_decoder(n, split, row);
    return rc ? rc
              : set_bytes(t, row, SPLIT_DECODER, split->decoder_state.data,
                          split->decoder_state.length);
}

int positions_save(struct task *n, struct streamd_error *error)
{
    struct streamd_table *t = n->progress.table;
    void *row;

    streamd_table_drop(t, 0);
    row = add_row(t);
    if (!row)
        return error_set_nomem(error);
    *(int64_t *)streamd_row_value(t->layout, row, PROGRESS_TASK) = n->context.task;
    set_time(t, row, PROGRESS_WATERMARK, n->valve.output);
    if (!n->splits.table)
        return 0;
    streamd_table_drop(n->splits.table, 0);
    for (size_t i = 0; i < n->source->splits.count; i++) {
        int rc = save_split(n, n->source->splits.items[i]);

        if (rc)
            return error_set(error, rc, "split %s: its position cannot be saved",
                             n->source->splits.items[i]->title);
    }
    return 0;
}

/* ---- restoring ---------------------------------------------------------------------------- */

enum { ROWS_AT_ONCE = 64 };

static void restore_progress(struct task *n)
{
    struct streamd_table *t = n->progress.table;
    struct streamd_cursor cursor = {0};
    void *rows[ROWS_AT_ONCE];
    int64_t least = INT64_MAX;
    int any = 0;
    uint32_t count;

    while ((count = streamd_table_scan(t, 0, &cursor, rows, ROWS_AT_ONCE)) > 0) {
        for (uint32_t i = 0; i < count; i++) {
            int64_t w = streamd_row_is_null(rows[i], PROGRESS_WATERMARK)
                            ? VALVE_NONE
                            : *(int64_t *)streamd_row_value(t->layout, rows[i], PROGRESS_WATERMARK);

            least = w < least ? w : least;
            any = 1;
        }
    }
    if (any)
        n->valve.output = n->stats.watermark = least;
}

static int copy_bytes(const struct streamd_table *t, void *row, uint32_t index, char **text,
                      size_t *length)
{
    const struct streamd_var *var = streamd_row_value(t->layout, row, index);

    *text = NULL;
    *length = 0;
    if (streamd_row_is_null(row, index))
        return 0;
    *text = memory_zalloc((size_t)var->length + 1, 1);
    if (!*text)
        return STREAMD_E_NOMEM;
    if (var->length)
        memcpy(*text, var->data, var->length);
    *length = var->length;
    return 0;
}

static int restore_split(struct task *n, void *row)
{
    const struct streamd_table *t = n->splits.table;
    struct split_memory memory = {.max_time = INT64_MIN};
    size_t length, decoder_length;
    char *decoder = NULL;
    int rc = copy_bytes(t, row, SPLIT_ID, &memory.id, &length);

    if (!rc &&
        positions_owner(memory.id ? memory.id : "", n->plan->parallelism) != n->context.task) {
        memory_free(memory.id);
        return 0;
    }
    if (!rc)
        rc = copy_bytes(t, row, SPLIT_POSITION, &memory.position, &length);
    if (!rc)
        rc = copy_bytes(t, row, SPLIT_DECODER, &decoder, &decoder_length);
    if (!rc && !streamd_row_is_null(row, SPLIT_MAX_TIME))
        memory.max_time = *(int64_t *)streamd_row_value(t->layout, row, SPLIT_MAX_TIME);
    memory.idle = *(uint8_t *)streamd_row_value(t->layout, row, SPLIT_IDLE) != 0;
    memory.finished = *(uint8_t *)streamd_row_value(t->layout, row, SPLIT_FINISHED) != 0;
    memory.decoder = (uint8_t *)decoder;
    memory.decoder_length = decoder ? decoder_length : 0;
    if (!rc)
        rc = source_remember(n, &memory);
    if (rc) {
        memory_free(memory.id);
        memory_free(memory.position);
        memory_free(decoder);
    }
    return rc;
}

int positions_restore(struct task *n, struct streamd_error *error)
{
    struct streamd_cursor cursor = {0};
    void *rows[ROWS_AT_ONCE];
    uint32_t count;

    restore_progress(n);
    if (!n->splits.table)
        return 0;
    while ((count = streamd_table_scan(n->splits.table, 0, &cursor, rows, ROWS_AT_ONCE)) > 0)
        for (uint32_t i = 0; i < count; i++)
            if (restore_split(n, rows[i]))
                return error_set_nomem(error);
    return 0;
}
