/*
 * Every operation is one scan; a task has few rows at a time. The folders whose names changed are
 * synced once each, since rows of one folder mostly follow one another.
 */
#include "ledger.h"

#include "folder.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEMPORARY = 0, FINAL = 1, BYTES = 2, ROWS = 3, CHECKPOINT = 4, COLUMNS = 5 };

enum { ROWS_AT_ONCE = 64 };

static const struct streamd_field columns[COLUMNS] = {
    [TEMPORARY] = {"temporary", {.id = STREAMD_STRING}},
    [FINAL] = {"final", {.id = STREAMD_STRING}},
    [BYTES] = {"bytes", {.id = STREAMD_INT64}},
    [ROWS] = {"rows", {.id = STREAMD_INT64}},
    [CHECKPOINT] = {"checkpoint", {.id = STREAMD_INT64}},
};

static const struct streamd_table_decl declaration = {
    .name = "parts",
    .flags = STREAMD_TABLE_LIST | STREAMD_TABLE_BROADCAST,
    .column_count = COLUMNS,
    .columns = columns,
};

int ledger_bind(struct streamd_bind *b)
{
    int number = streamd_bind_table(b, &declaration);

    return number < 0 ? number : 0;
}

/* ---- rows -------------------------------------------------------------------------------- */

static int64_t *number_in(const struct ledger *l, void *row, uint32_t index)
{
    return streamd_row_value(l->table->layout, row, index);
}

/* A name out of a row. It was checked when it went in, but may come out of an edited snapshot. */
static int name_in(const struct ledger *l, void *row, uint32_t index, char name[PATH_MAX])
{
    const struct streamd_var *var = streamd_row_value(l->table->layout, row, index);

    if (var->length == 0 || var->length >= PATH_MAX)
        return STREAMD_E_DATA;
    memcpy(name, var->data, var->length);
    name[var->length] = '\0';
    return 0;
}

static int set_name(struct ledger *l, void *row, uint32_t index, const char *name)
{
    size_t length = strlen(name);
    uint8_t *data = streamd_table_reserve(l->table, row, index, (uint32_t)length);

    if (!data)
        return STREAMD_E_NOMEM;
    memcpy(data, name, length);
    ((struct streamd_var *)streamd_row_value(l->table->layout, row, index))->length =
        (uint32_t)length;
    return 0;
}

int ledger_open(struct streamd_context *c, struct ledger *l)
{
    struct streamd_cursor cursor = {0};
    void *rows[ROWS_AT_ONCE];
    uint32_t n;

    l->restored = 0;
    l->table = streamd_context_table(c, LEDGER_TABLE);
    if (!l->table) {
        (void)streamd_fail(c, STREAMD_BUG, 0, "the table of parts is missing");
        return STREAMD_E_STATE;
    }
    while ((n = streamd_table_scan(l->table, 0, &cursor, rows, ROWS_AT_ONCE)) > 0) {
        for (uint32_t i = 0; i < n; i++) {
            if (*number_in(l, rows[i], CHECKPOINT) > l->restored)
                l->restored = *number_in(l, rows[i], CHECKPOINT);
        }
    }
    return 0;
}

int ledger_add(struct streamd_context *c, struct ledger *l, const struct ledger_part *part)
{
    static const uint64_t no_key = 0;
    struct streamd_keys keys = {.n = 1, .hash = &no_key};
    void *row;

    if (streamd_table_append(l->table, 0, &keys, &row) ||
        set_name(l, row, TEMPORARY, part->temporary) || set_name(l, row, FINAL, part->final))
        return sink_no_memory(c);
    *number_in(l, row, BYTES) = part->bytes;
    *number_in(l, row, ROWS) = part->rows;
    *number_in(l, row, CHECKPOINT) = 0;
    return 0;
}

int ledger_has(const struct ledger *l, const char *temporary)
{
    struct streamd_cursor cursor = {0};
    char name[PATH_MAX];
    void *rows[ROWS_AT_ONCE];
    uint32_t n;

    while ((n = streamd_table_scan(l->table, 0, &cursor, rows, ROWS_AT_ONCE)) > 0) {
        for (uint32_t i = 0; i < n; i++) {
            if (name_in(l, rows[i], TEMPORARY, name) == 0 && strcmp(name, temporary) == 0)
                return 1;
        }
    }
    return 0;
}

/* ---- checkpoints ------------------------------------------------------------------------- */

/* Syncs the folder of `name`, unless it is `synced` already, which it becomes. */
static int sync_folder_of(struct streamd_context *c, const char *name, char synced[PATH_MAX])
{
    const char *slash = strrchr(name, '/');
    size_t length = slash ? (size_t)(slash - name) : 0;

    if (strlen(synced) == length && memcmp(synced, name, length) == 0)
        return 0;
    memcpy(synced, name, length);
    synced[length] = '\0';
    return folder_sync(c, length ? synced : "/");
}

int ledger_prepare(struct streamd_context *c, struct ledger *l, int64_t checkpoint)
{
    struct streamd_cursor cursor = {0};
    char name[PATH_MAX], synced[PATH_MAX] = "";
    void *rows[ROWS_AT_ONCE];
    uint32_t n;

    while ((n = streamd_table_scan(l->table, 0, &cursor, rows, ROWS_AT_ONCE)) > 0) {
        for (uint32_t i = 0; i < n; i++) {
            if (*number_in(l, rows[i], CHECKPOINT) != 0)
                continue;
            if (name_in(l, rows[i], TEMPORARY, name) == 0 && sync_folder_of(c, name, synced))
                return STREAMD_E_IO;
            *number_in(l, rows[i], CHECKPOINT) = checkpoint;
        }
    }
    return 0;
}

/* Neither name is there, or the temporary one is missing beside a final one. */
static int missing_part(struct streamd_context *c, const struct ledger *l, int64_t checkpoint,
                        const char *temporary, const char *final)
{
    char message[480];

    if (access(final, F_OK) == 0)
        return 0; /* made final before */
    snprintf(message, sizeof(message), "the finished part '%.380s' is gone before it got its name",
             temporary);
    if (checkpoint > l->restored) {
        (void)streamd_fail(c, STREAMD_FAIL_TASK, DIAGNOSTIC_WRITE, message);
        return STREAMD_E_IO;
    }
    /* It may have been made final by an earlier attempt and taken away by its reader since. */
    streamd_log(c, STREAMD_LOG_WARNING, message);
    streamd_count(c, "missing_parts", 1);
    return 0;
}

static int make_final(struct streamd_context *c, struct ledger *l, void *row)
{
    char temporary[PATH_MAX], final[PATH_MAX], message[480];
    int rc;

    if (name_in(l, row, TEMPORARY, temporary) || name_in(l, row, FINAL, final)) {
        (void)streamd_fail(c, STREAMD_FAIL_PIPELINE, DIAGNOSTIC_WRITE,
                           "the table of parts has a name that is no file name");
        return STREAMD_E_DATA;
    }
    rc = folder_rename(c, temporary, final);
    if (rc == STREAMD_E_INVALID)
        return missing_part(c, l, *number_in(l, row, CHECKPOINT), temporary, final);
    if (rc == STREAMD_E_STATE) {
        snprintf(message, sizeof(message),
                 "'%.380s' is there already, and would have to be overwritten", final);
        (void)streamd_fail(c, STREAMD_FAIL_PIPELINE, DIAGNOSTIC_OVERWRITE, message);
    }
    return rc;
}

int ledger_commit(struct streamd_context *c, struct ledger *l, int64_t checkpoint)
{
    struct streamd_cursor cursor = {0};
    char final[PATH_MAX], synced[PATH_MAX] = "";
    void *rows[ROWS_AT_ONCE], *done[ROWS_AT_ONCE];
    uint32_t n;

    while ((n = streamd_table_scan(l->table, 0, &cursor, rows, ROWS_AT_ONCE)) > 0) {
        uint32_t count = 0;

        for (uint32_t i = 0; i < n; i++) {
            int64_t of = *number_in(l, rows[i], CHECKPOINT);

            if (of == 0 || of > checkpoint)
                continue;
            if (make_final(c, l, rows[i]))
                return STREAMD_E_IO;
            done[count++] = rows[i];
        }
        for (uint32_t i = 0; i < count; i++) {
            if (name_in(l, done[i], FINAL, final) == 0 && sync_folder_of(c, final, synced))
                return STREAMD_E_IO;
        }
        synced[0] = '\0';
        if (count > 0 && streamd_table_erase(l->table, 0, done, count))
            return sink_no_memory(c);
    }
    return 0;
}

void ledger_close(struct streamd_context *c, struct ledger *l)
{
    struct streamd_cursor cursor = {0};
    char name[PATH_MAX], message[128];
    void *rows[ROWS_AT_ONCE];
    uint64_t removed = 0;
    uint32_t n;

    if (!l->table)
        return;
    while ((n = streamd_table_scan(l->table, 0, &cursor, rows, ROWS_AT_ONCE)) > 0) {
        for (uint32_t i = 0; i < n; i++) {
            if (*number_in(l, rows[i], CHECKPOINT) == 0 &&
                name_in(l, rows[i], TEMPORARY, name) == 0 && unlink(name) == 0)
                removed++;
        }
    }
    if (removed > 0) {
        snprintf(message, sizeof(message), "removed %llu parts that no checkpoint holds",
                 (unsigned long long)removed);
        streamd_log(c, STREAMD_LOG_INFO, message);
    }
}
