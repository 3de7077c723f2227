/*
 * Every operation is one scan; a task has few rows at a time. The folders whose names changed are
 * synced once each, since rows of one folder mostly follow one another.
 */
#include "ledger.h"

#include "folder.h"
#include "part.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEMPORARY = 0, FINAL = 1, BYTES = 2, ROWS = 3, CHECKPOINT = 4, COLUMNS = 5 };

enum { ROWS_AT_ONCE = 64, NAMES_TRIED = 1000 };

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

/* Ids mean something only within their lineage: what came with a savepoint of another one is for
   the first commit. */
static void claim_rows(const struct streamd_context *c, struct ledger *l)
{
    struct streamd_cursor cursor = {0};
    void *rows[ROWS_AT_ONCE];
    uint32_t n;

    while ((n = streamd_table_scan(l->table, 0, &cursor, rows, ROWS_AT_ONCE)) > 0) {
        for (uint32_t i = 0; i < n; i++) {
            if (*number_in(l, rows[i], CHECKPOINT) > (int64_t)c->checkpoint)
                *number_in(l, rows[i], CHECKPOINT) = (int64_t)c->checkpoint;
        }
    }
}

int ledger_open(struct streamd_context *c, struct ledger *l, struct owned *owned)
{
    l->owned = owned;
    l->table = streamd_context_table(c, LEDGER_TABLE);
    if (!l->table) {
        (void)streamd_fail(c, STREAMD_BUG, 0, "the table of parts is missing");
        return STREAMD_E_STATE;
    }
    if (owned)
        claim_rows(c, l);
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

/* A closed part of the interval. */
static int prepare_one(struct streamd_context *c, struct ledger *l, void *row, int64_t checkpoint)
{
    char name[PATH_MAX];

    if (name_in(l, row, TEMPORARY, name))
        return sink_fault(c, "prepare", "", EINVAL);
    if (l->owned) {
        if (owned_prepare(c, name, (uint64_t)checkpoint))
            return STREAMD_E_IO;
        if (set_name(l, row, TEMPORARY, name))
            return sink_no_memory(c);
    }
    *number_in(l, row, CHECKPOINT) = checkpoint;
    return 0;
}

/* Makes the names durable that column `index` has in these rows. */
static int sync_names(struct streamd_context *c, struct ledger *l, uint32_t index,
                      void *const *rows, uint32_t n, char synced[PATH_MAX])
{
    char name[PATH_MAX];

    for (uint32_t i = 0; i < n; i++) {
        if (name_in(l, rows[i], index, name) == 0 && sync_folder_of(c, name, synced))
            return STREAMD_E_IO;
    }
    return 0;
}

int ledger_prepare(struct streamd_context *c, struct ledger *l, int64_t checkpoint)
{
    struct streamd_cursor cursor = {0};
    void *rows[ROWS_AT_ONCE], *fresh[ROWS_AT_ONCE];
    char synced[PATH_MAX];
    uint32_t n;

    while ((n = streamd_table_scan(l->table, 0, &cursor, rows, ROWS_AT_ONCE)) > 0) {
        uint32_t count = 0;

        for (uint32_t i = 0; i < n; i++) {
            if (*number_in(l, rows[i], CHECKPOINT) != 0)
                continue;
            if (prepare_one(c, l, rows[i], checkpoint))
                return STREAMD_E_IO;
            fresh[count++] = rows[i];
        }
        synced[0] = '\0'; /* names have changed in folders that were synced before */
        if (sync_names(c, l, TEMPORARY, fresh, count, synced))
            return STREAMD_E_IO;
    }
    return 0;
}

/* ---- commit ------------------------------------------------------------------------------ */

/* The part is not there under the name that the row has. 0: it became final before. */
static int missing_part(struct streamd_context *c, const struct ledger *l, int64_t checkpoint,
                        const char *temporary, const char *final)
{
    char message[480];

    if (access(final, F_OK) == 0)
        return 0;
    snprintf(message, sizeof(message), "the finished part '%.380s' is gone before it got its name",
             temporary);
    if (!l->owned || !owned_may_be_final(c, l->owned, temporary, (uint64_t)checkpoint)) {
        (void)streamd_fail(c, STREAMD_FAIL_PIPELINE, DIAGNOSTIC_PART_GONE, message);
        return STREAMD_E_IO;
    }
    /* Its reader may have taken it away since. */
    streamd_count(c, "missing_parts", 1);
    return 0;
}

static int is_taken(struct streamd_context *c, const char *final)
{
    char message[480];

    snprintf(message, sizeof(message),
             "'%.380s' is there already, and would have to be overwritten", final);
    (void)streamd_fail(c, STREAMD_FAIL_PIPELINE, DIAGNOSTIC_OVERWRITE, message);
    return STREAMD_E_STATE;
}

/* Renames to the first name from `final` on that nobody has. As folder_rename. */
static int rename_to_free(struct streamd_context *c, const char *temporary, char final[PATH_MAX])
{
    char start[PATH_MAX], end[NAME_MAX + 1];
    uint64_t number;
    int rc = folder_rename(c, temporary, final);

    if (rc != STREAMD_E_STATE || part_split_name(final, start, &number, end))
        return rc;
    for (int tries = 0; tries < NAMES_TRIED && rc == STREAMD_E_STATE; tries++) {
        int n = snprintf(final, PATH_MAX, "%s%llu%s", start, (unsigned long long)++number, end);

        rc = n < PATH_MAX ? folder_rename(c, temporary, final) : STREAMD_E_STATE;
    }
    return rc;
}

static int make_final(struct streamd_context *c, struct ledger *l, void *row)
{
    char temporary[PATH_MAX], final[PATH_MAX];
    int rc;

    if (name_in(l, row, TEMPORARY, temporary) || name_in(l, row, FINAL, final)) {
        (void)streamd_fail(c, STREAMD_FAIL_PIPELINE, DIAGNOSTIC_WRITE,
                           "the table of parts has a name that is no file name");
        return STREAMD_E_DATA;
    }
    rc = l->owned ? rename_to_free(c, temporary, final) : folder_rename(c, temporary, final);
    if (rc == STREAMD_E_INVALID)
        return missing_part(c, l, *number_in(l, row, CHECKPOINT), temporary, final);
    return rc == STREAMD_E_STATE ? is_taken(c, final) : rc;
}

/* Some rows that are due. 0 or negative after streamd_fail. */
static int commit_some(struct streamd_context *c, struct ledger *l, void *const *rows, uint32_t n)
{
    char synced[PATH_MAX] = "";

    for (uint32_t i = 0; i < n; i++) {
        if (make_final(c, l, rows[i]))
            return STREAMD_E_IO;
    }
    if (sync_names(c, l, FINAL, rows, n, synced))
        return STREAMD_E_IO;
    return streamd_table_erase(l->table, 0, rows, n) ? sink_no_memory(c) : 0;
}

int ledger_commit(struct streamd_context *c, struct ledger *l, int64_t checkpoint)
{
    struct streamd_cursor cursor = {0};
    void *rows[ROWS_AT_ONCE], *due[ROWS_AT_ONCE];
    uint32_t n;

    while ((n = streamd_table_scan(l->table, 0, &cursor, rows, ROWS_AT_ONCE)) > 0) {
        uint32_t count = 0;

        for (uint32_t i = 0; i < n; i++) {
            int64_t of = *number_in(l, rows[i], CHECKPOINT);

            if (of != 0 && of <= checkpoint)
                due[count++] = rows[i];
        }
        if (count == 0)
            continue;
        if (l->owned && owned_begin_commit(c, l->owned, (uint64_t)checkpoint))
            return STREAMD_E_IO;
        if (commit_some(c, l, due, count))
            return STREAMD_E_IO;
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
