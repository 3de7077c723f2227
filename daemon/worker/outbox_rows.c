/* Rows go in as they are sealed, and are copied out and sorted once per commit. */
#include "worker/outbox_rows.h"

#include "base/array.h"
#include "graph/plan.h"

#include <stdlib.h>
#include <string.h>

static int set_text(struct streamd_table *table, void *row, uint32_t column, const char *text)
{
    size_t length = strlen(text);
    uint8_t *data = streamd_table_reserve(table, row, column, (uint32_t)length);

    if (!data)
        return STREAMD_E_NOMEM;
    memcpy(data, text, length);
    ((struct streamd_var *)streamd_row_value(table->layout, row, column))->length =
        (uint32_t)length;
    return 0;
}

static void set_number(struct streamd_table *table, void *row, uint32_t column, uint64_t value)
{
    *(int64_t *)streamd_row_value(table->layout, row, column) = (int64_t)value;
}

int outbox_rows_add(struct streamd_table *table, const struct outbox_row *from)
{
    static const uint64_t no_key = 0;
    struct streamd_keys keys = {.n = 1, .hash = &no_key};
    void *row;

    if (streamd_table_append(table, 0, &keys, &row) ||
        set_text(table, row, PLAN_OUTBOX_SEGMENT, from->name) ||
        set_text(table, row, PLAN_OUTBOX_LINEAGE, from->lineage))
        return STREAMD_E_NOMEM;
    set_number(table, row, PLAN_OUTBOX_CHECKPOINT, from->checkpoint);
    set_number(table, row, PLAN_OUTBOX_TASK, from->task);
    set_number(table, row, PLAN_OUTBOX_SEQUENCE, from->sequence);
    set_number(table, row, PLAN_OUTBOX_RECORDS, from->summary.records);
    set_number(table, row, PLAN_OUTBOX_BYTES, from->summary.bytes);
    set_number(table, row, PLAN_OUTBOX_CHECKSUM, from->summary.checksum);
    return 0;
}

/* ---- out of the table -------------------------------------------------------------------- */

static int get_text(struct streamd_table *table, void *row, uint32_t column, char *text,
                    size_t size)
{
    const struct streamd_var *var = streamd_row_value(table->layout, row, column);

    if (var->length == 0 || var->length >= size || memchr(var->data, '\0', var->length))
        return STREAMD_E_DATA;
    memcpy(text, var->data, var->length);
    text[var->length] = '\0';
    return 0;
}

static uint64_t get_number(struct streamd_table *table, void *row, uint32_t column)
{
    return (uint64_t) * (const int64_t *)streamd_row_value(table->layout, row, column);
}

static int copy(struct streamd_table *table, void *from, struct outbox_row *row)
{
    uint64_t task = get_number(table, from, PLAN_OUTBOX_TASK);

    row->row = from;
    row->checkpoint = get_number(table, from, PLAN_OUTBOX_CHECKPOINT);
    row->task = (uint32_t)task;
    row->sequence = get_number(table, from, PLAN_OUTBOX_SEQUENCE);
    row->summary.records = get_number(table, from, PLAN_OUTBOX_RECORDS);
    row->summary.bytes = get_number(table, from, PLAN_OUTBOX_BYTES);
    row->summary.checksum = get_number(table, from, PLAN_OUTBOX_CHECKSUM);
    if (task > UINT32_MAX ||
        get_text(table, from, PLAN_OUTBOX_LINEAGE, row->lineage, sizeof(row->lineage)))
        return STREAMD_E_DATA;
    return get_text(table, from, PLAN_OUTBOX_SEGMENT, row->name, sizeof(row->name));
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* Lineages follow one another only in a savepoint with pending commits, whose rows are all of one;
   so their order is no matter. */
static int compare(const void *a, const void *b)
{
    const struct outbox_row *x = a, *y = b;
    int order = strcmp(x->lineage, y->lineage);

    order = order ? order : compare_numbers(x->checkpoint, y->checkpoint);
    order = order ? order : compare_numbers(x->task, y->task);
    return order ? order : compare_numbers(x->sequence, y->sequence);
}

int outbox_rows_list(struct streamd_table *table, const char *lineage, uint64_t up_to,
                     struct outbox_rows *rows)
{
    struct streamd_cursor cursor = {0};
    void *some[64];
    uint32_t n;

    rows->count = 0;
    while ((n = streamd_table_scan(table, 0, &cursor, some, 64)) > 0) {
        for (uint32_t i = 0; i < n; i++) {
            struct outbox_row row;
            int rc = copy(table, some[i], &row);

            if (rc)
                return rc;
            if (strcmp(row.lineage, lineage) == 0 && row.checkpoint > up_to)
                continue;
            if (array_push(rows, row))
                return STREAMD_E_NOMEM;
        }
    }
    if (rows->count > 1)
        qsort(rows->items, rows->count, sizeof(*rows->items), compare);
    return 0;
}
