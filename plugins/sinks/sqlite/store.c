/*
 * Staging and writing. A piece of STORE_PIECE_ROWS rows is written per call, so that no call takes
 * long; the transaction goes on from call to call. A lock that somebody else holds is not waited
 * for inside of SQLite: the node is blocked and asks again, until `busy_timeout` has passed.
 */
#include "store.h"

#include "statements.h"
#include "values.h"

#include <stdio.h>
#include <string.h>

enum { RETRY_US = 20000 };

/* ---- faults ------------------------------------------------------------------------------ */

static int is_lasting(int code)
{
    switch (code & 0xff) {
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_ERROR:
    case SQLITE_AUTH:
        return 1;
    default:
        return 0;
    }
}

int sink_fault(struct streamd_context *c, const struct sink *s, const char *what)
{
    int code = s->db ? sqlite3_extended_errcode(s->db) : SQLITE_NOMEM;
    char message[480];

    snprintf(message, sizeof(message), "cannot %s table '%.60s' of '%.200s': %.120s", what,
             s->options->table, s->options->path,
             s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(code));
    (void)streamd_fail(c, is_lasting(code) ? STREAMD_FAIL_PIPELINE : STREAMD_FAIL_TASK,
                       DIAGNOSTIC_DATABASE, message);
    return STREAMD_E_IO;
}

int sink_table_fault(struct streamd_context *c, const struct sink *s, const char *message)
{
    char text[480];

    snprintf(text, sizeof(text), "table '%.60s' of '%.240s' %s", s->options->table,
             s->options->path, message);
    (void)streamd_fail(c, STREAMD_FAIL_PIPELINE, DIAGNOSTIC_TABLE, text);
    return STREAMD_E_INVALID;
}

int sink_run(struct sink *s, const char *sql)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL);
}

int sink_finish(sqlite3_stmt *statement)
{
    int rc = sqlite3_step(statement);

    (void)sqlite3_reset(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* ---- staging ----------------------------------------------------------------------------- */

/* A before-image is deleted by its key, since the after-image may have another one. */
int store_deletes(const struct streamd_batch *batch, uint32_t row)
{
    return batch->row_kind && (batch->row_kind[row] == STREAMD_DELETE ||
                               batch->row_kind[row] == STREAMD_UPDATE_BEFORE);
}

/* Of a row that deletes, only the key is sure to be set. */
static int stage_row(struct sink *s, const struct streamd_batch *batch, uint32_t row, int delete)
{
    int rc = sqlite3_bind_int(s->stage, 1, delete);

    for (uint32_t i = 0; i < s->schema->field_count && rc == SQLITE_OK; i++) {
        if (delete &&!statement_is_key(s->options, s->schema->fields[i].name))
            rc = sqlite3_bind_null(s->stage, (int)i + 2);
        else
            rc = values_bind(s->stage, (int)i + 2, batch, i, row);
    }
    return rc == SQLITE_OK ? sink_finish(s->stage) : rc;
}

int store_accepts(struct streamd_context *c, const struct sink *s, struct streamd_batch *batch,
                  uint32_t row)
{
    char message[200];
    uint32_t field;

    if (store_deletes(batch, row) || values_fit(batch, row, &field))
        return 1;

    snprintf(message, sizeof(message),
             "the number in field '%.100s' is larger than SQLite's integers",
             s->schema->fields[field].name);
    return streamd_reject(c, batch, row, STREAMD_ROW_SINK, message) ? STREAMD_E_DATA : 0;
}

int store_stage(struct streamd_context *c, struct sink *s, struct streamd_batch *batch)
{
    if (!s->staging && sink_run(s, "BEGIN"))
        return sink_fault(c, s, "stage rows for");
    s->staging = 1;
    for (uint32_t k = 0; k < batch->count; k++) {
        uint32_t row = streamd_batch_row(batch, k);
        int delete = store_deletes(batch, row), rc = store_accepts(c, s, batch, row);

        if (rc < 0)
            return rc;
        if (rc == 0)
            continue;
        if (stage_row(s, batch, row, delete))
            return sink_fault(c, s, "stage rows for");
        s->rows++;
        s->deletes += delete;
    }
    return 0;
}

int store_prepare(struct streamd_context *c, struct sink *s)
{
    if (s->staging && sink_run(s, "COMMIT"))
        return sink_fault(c, s, "stage rows for");
    s->staging = 0;
    s->prepared = s->rows;
    return 0;
}

/* ---- writing ----------------------------------------------------------------------------- */

/* Locked by somebody else: asks to be called again, or gives up. */
static enum streamd_flow wait_for_lock(struct streamd_context *c, struct sink *s)
{
    int64_t now = streamd_now(c);
    char message[480];

    if (s->busy_since == 0)
        s->busy_since = now;
    if (now - s->busy_since < s->options->busy_timeout) {
        streamd_block_on(c, -1, now + RETRY_US);
        return STREAMD_BLOCKED;
    }
    snprintf(message, sizeof(message),
             "another program has had '%.300s' locked for %lld s, longer than `busy_timeout`",
             s->options->path, (long long)(s->options->busy_timeout / 1000000));
    return streamd_fail(c, STREAMD_RETRY, DIAGNOSTIC_BUSY, message);
}

enum streamd_flow store_after(struct streamd_context *c, struct sink *s, int rc, const char *what)
{
    if (rc == SQLITE_OK) {
        s->busy_since = 0;
        return STREAMD_OK;
    }
    if ((rc & 0xff) == SQLITE_BUSY)
        return wait_for_lock(c, s);
    (void)sink_fault(c, s, what);
    return STREAMD_FAILED;
}

static int bind_range(sqlite3_stmt *statement, int64_t from, int64_t to)
{
    int rc = sqlite3_bind_int64(statement, 1, from);

    return rc == SQLITE_OK ? sqlite3_bind_int64(statement, 2, to) : rc;
}

/* One staged row, the current one of s->staged: column 0 is its kind, then come its values. */
static int apply_row(struct sink *s)
{
    sqlite3_stmt *to = sqlite3_column_int(s->staged, 0) ? s->remove : s->put;
    int parameter = 0, rc = SQLITE_OK;

    for (uint32_t k = 0; to == s->remove && k < s->options->key.count && rc == SQLITE_OK; k++) {
        uint32_t i = 0;

        while (strcmp(s->schema->fields[i].name, s->options->key.items[k]) != 0)
            i++;
        rc = sqlite3_bind_value(to, ++parameter, sqlite3_column_value(s->staged, (int)i + 1));
    }
    for (uint32_t i = 0; to == s->put && i < s->schema->field_count && rc == SQLITE_OK; i++)
        rc = sqlite3_bind_value(to, ++parameter, sqlite3_column_value(s->staged, (int)i + 1));
    return rc == SQLITE_OK ? sink_finish(to) : rc;
}

static int apply_rows(struct sink *s, int64_t from, int64_t to)
{
    int rc = bind_range(s->staged, from, to);

    while (rc == SQLITE_OK && (rc = sqlite3_step(s->staged)) == SQLITE_ROW)
        rc = apply_row(s);
    (void)sqlite3_reset(s->staged);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int copy_rows(struct sink *s, int64_t from, int64_t to)
{
    int rc = bind_range(s->copy, from, to);

    return rc == SQLITE_OK ? sink_finish(s->copy) : rc;
}

/* After the transaction: all staged rows are in the table. */
static enum streamd_flow forget_staged(struct streamd_context *c, struct sink *s)
{
    if (sink_run(s, "DELETE FROM temp.staged"))
        return sink_fault(c, s, "empty the staging table for") ? STREAMD_FAILED : STREAMD_OK;
    s->rows = s->prepared = s->copied = s->deletes = 0;
    return STREAMD_OK;
}

enum streamd_flow store_commit(struct streamd_context *c, struct sink *s)
{
    enum streamd_flow flow;
    int64_t to =
        s->copied + STORE_PIECE_ROWS < s->prepared ? s->copied + STORE_PIECE_ROWS : s->prepared;
    int rc;

    if (s->prepared == 0)
        return STREAMD_OK;
    if (!s->committing) {
        flow = store_after(c, s, sink_run(s, "BEGIN IMMEDIATE"), "lock");
        if (flow != STREAMD_OK)
            return flow;
        s->committing = 1;
    }
    if (s->copied < s->prepared) {
        rc = s->deletes > 0 ? apply_rows(s, s->copied, to) : copy_rows(s, s->copied, to);
        if (rc)
            return store_after(c, s, rc, "write to");
        s->copied = to;
        streamd_block_on(c, -1, streamd_now(c));
        return STREAMD_BLOCKED;
    }
    flow = store_after(c, s, sink_run(s, "COMMIT"), "commit to");
    if (flow != STREAMD_OK)
        return flow;
    s->committing = 0;
    return forget_staged(c, s);
}
