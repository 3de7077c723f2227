/*
 * One transaction writes the rows of all segments up to a checkpoint and the marker that says so:
 * either both are in the database or neither is. A commit that comes again, after a crash or
 * because nobody knew how it ended, finds the marker and writes nothing. Markers are looked up by
 * the lineage under which a segment was sealed; so ids of another lineage never count as done.
 *
 * Segments are erased after the transaction, which SQLite has made durable then (synchronous is
 * EXTRA). One that is missing must be marked; if it is not, rows are lost, and the pipeline stops.
 */
#include "replay.h"

#include "statements.h"
#include "store.h"
#include "values.h"

#include <stdio.h>
#include <string.h>

/* ---- markers ----------------------------------------------------------------------------- */

static const char create_markers[] =
    "CREATE TABLE IF NOT EXISTS main._streamd_commits (lineage TEXT NOT NULL, node TEXT NOT NULL, "
    "checkpoint INTEGER NOT NULL, followed INTEGER NOT NULL, PRIMARY KEY (lineage, node))";

static const char select_marker[] =
    "SELECT checkpoint, followed FROM main._streamd_commits WHERE lineage = ?1 AND node = ?2";

static const char upsert_marker[] =
    "INSERT INTO main._streamd_commits VALUES (?1, ?2, ?3, ?4) ON CONFLICT (lineage, node) DO "
    "UPDATE SET checkpoint = max(checkpoint, excluded.checkpoint), "
    "followed = max(followed, excluded.followed)";

static int bind_name(struct streamd_context *c, sqlite3_stmt *statement, const char *lineage)
{
    int rc = sqlite3_bind_text(statement, 1, lineage, -1, SQLITE_TRANSIENT);

    return rc ? rc : sqlite3_bind_text(statement, 2, c->node, -1, SQLITE_STATIC);
}

/* Markers of a lineage; 0 where it has none. SQLite's code. */
static int read_marker(struct streamd_context *c, struct sink *s, const char *lineage,
                       int64_t *checkpoint, int64_t *followed)
{
    sqlite3_stmt *q = s->replay.read_marker;
    int rc = bind_name(c, q, lineage);

    *checkpoint = *followed = 0;
    if (rc)
        return rc;
    rc = sqlite3_step(q);
    if (rc == SQLITE_ROW) {
        *checkpoint = sqlite3_column_int64(q, 0);
        *followed = sqlite3_column_int64(q, 1);
        rc = SQLITE_DONE;
    }
    (void)sqlite3_reset(q);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int write_marker(struct streamd_context *c, struct sink *s, const char *lineage,
                        int64_t checkpoint, int64_t followed)
{
    sqlite3_stmt *q = s->replay.write_marker;
    int rc = bind_name(c, q, lineage);

    if (!rc)
        rc = sqlite3_bind_int64(q, 3, checkpoint);
    if (!rc)
        rc = sqlite3_bind_int64(q, 4, followed);
    return rc ? rc : sink_finish(q);
}

/* ---- opening ----------------------------------------------------------------------------- */

static int refuse(struct streamd_context *c, const struct sink *s, int64_t newest,
                  uint64_t restored)
{
    char message[480];

    snprintf(
        message, sizeof(message),
        "table '%.60s' of '%.160s' has rows of checkpoint %lld, and the snapshot restored is "
        "of %llu: what was written in between would be there twice. Restore a newer one, write "
        "into another table, or accept it with --accept-duplicates",
        s->options->table, s->options->path, (long long)newest, (unsigned long long)restored);
    (void)streamd_fail(c, STREAMD_FAIL_PIPELINE, DIAGNOSTIC_NEWER_OUTPUT, message);
    return STREAMD_E_STATE;
}

static int check_newer_output(struct streamd_context *c, struct sink *s)
{
    int64_t own, parents, followed;

    if (read_marker(c, s, c->lineage, &own, &followed))
        return sink_fault(c, s, "read the markers for");
    if (c->accept_duplicates)
        return 0;
    if (own > 0)
        return own > (int64_t)c->checkpoint ? refuse(c, s, own, c->checkpoint) : 0;
    if (!c->parent_lineage[0])
        return 0;
    if (read_marker(c, s, c->parent_lineage, &parents, &followed))
        return sink_fault(c, s, "read the markers for");
    if (followed > parents)
        parents = followed;
    return parents > (int64_t)c->parent_checkpoint ? refuse(c, s, parents, c->parent_checkpoint)
                                                   : 0;
}

static int prepare(struct sink *s, const char *sql, sqlite3_stmt **prepared)
{
    return sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, prepared, NULL);
}

int replay_open(struct streamd_context *c, struct sink *s)
{
    if (sink_run(s, create_markers) || prepare(s, select_marker, &s->replay.read_marker) ||
        prepare(s, upsert_marker, &s->replay.write_marker))
        return sink_fault(c, s, "make a table of markers for");
    return check_newer_output(c, s);
}

void replay_close(struct sink *s)
{
    sqlite3_finalize(s->replay.read_marker);
    sqlite3_finalize(s->replay.write_marker);
    s->replay.read_marker = s->replay.write_marker = NULL;
}

/* ---- staging ----------------------------------------------------------------------------- */

int replay_stage(struct streamd_context *c, struct sink *s, struct streamd_batch *batch)
{
    uint16_t *kept = NULL;
    uint32_t count = 0;

    for (uint32_t k = 0; k < batch->count; k++) {
        uint32_t row = streamd_batch_row(batch, k);
        int rc = store_accepts(c, s, batch, row);

        if (rc < 0)
            return rc;
        if (rc == 0 && !kept) {
            kept = streamd_batch_alloc(c, batch, batch->count * sizeof(*kept));
            if (!kept) {
                (void)streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory for rows");
                return STREAMD_E_NOMEM;
            }
            for (uint32_t i = 0; i < k; i++)
                kept[i] = (uint16_t)streamd_batch_row(batch, i);
        }
        if (rc > 0 && kept)
            kept[count] = (uint16_t)row;
        count += rc > 0;
    }
    if (kept) {
        batch->sel = kept;
        batch->count = count;
    }
    return count ? streamd_outbox_append_batch(c, batch) : 0;
}

/* ---- writing ----------------------------------------------------------------------------- */

/* SQLite's code. */
static int apply_row(struct sink *s, const struct streamd_batch *batch, uint32_t row)
{
    int delete = store_deletes(batch, row), parameter = 0, rc = SQLITE_OK;
    sqlite3_stmt *to = delete ? s->remove : s->put;

    for (uint32_t k = 0; delete &&k < s->options->key.count && !rc; k++) {
        uint32_t i = 0;

        while (strcmp(s->schema->fields[i].name, s->options->key.items[k]) != 0)
            i++;
        rc = values_bind(to, ++parameter, batch, i, row);
    }
    for (uint32_t i = 0; !delete &&i < s->schema->field_count && !rc; i++)
        rc = values_bind(to, ++parameter, batch, i, row);
    return rc ? rc : sink_finish(to);
}

/* A record is a batch. Answers as store_after. */
static enum streamd_flow apply_record(struct streamd_context *c, struct sink *s,
                                      const struct streamd_outbox_record *record)
{
    const struct streamd_batch *batch = record->batch;
    int rc = SQLITE_OK;

    for (uint32_t k = 0; batch && k < batch->count && !rc; k++)
        rc = apply_row(s, batch, streamd_batch_row(batch, k));
    return store_after(c, s, rc, "write to");
}

/* The marker that covers a segment, in s->replay.marker. SQLite's code. */
static int find_marker(struct streamd_context *c, struct sink *s, const char *lineage)
{
    struct replay *r = &s->replay;
    int64_t followed;
    int rc;

    if (strcmp(r->lineage, lineage) == 0)
        return SQLITE_OK;
    rc = read_marker(c, s, lineage, &r->marker, &followed);
    if (!rc)
        snprintf(r->lineage, sizeof(r->lineage), "%s", lineage);
    return rc;
}

static enum streamd_flow segment_gone(struct streamd_context *c,
                                      const struct streamd_outbox_segment *segment)
{
    char message[480];

    snprintf(
        message, sizeof(message),
        "outbox segment %.250s is gone, and the database does not say that checkpoint %llu was "
        "committed",
        segment->name, (unsigned long long)segment->checkpoint);
    return streamd_fail(c, STREAMD_FAIL_PIPELINE, DIAGNOSTIC_SEGMENT_GONE, message);
}

/* 1: it has rows to be written; 0: it has not; negative: see *flow. */
static int is_due(struct streamd_context *c, struct sink *s,
                  const struct streamd_outbox_segment *segment, enum streamd_flow *flow)
{
    *flow = store_after(c, s, find_marker(c, s, segment->lineage), "read the markers for");
    if (*flow != STREAMD_OK)
        return STREAMD_E_IO;
    if ((int64_t)segment->checkpoint <= s->replay.marker)
        return 0;
    if (!segment->missing)
        return 1;
    if (strcmp(segment->lineage, c->lineage) != 0)
        return 0; /* a savepoint is taken after the commit */
    *flow = segment_gone(c, segment);
    return STREAMD_E_IO;
}

/* Writes rows of the segment at hand until it ends (OK), or this call has done its share
   (HAS_MORE). */
static enum streamd_flow write_segment(struct streamd_context *c, struct sink *s,
                                       const struct streamd_outbox_segment *segment, uint32_t *rows)
{
    struct streamd_outbox_record record;
    int rc;

    while ((rc = streamd_outbox_read(c, segment, &s->replay.position, &record)) > 0) {
        enum streamd_flow flow = apply_record(c, s, &record);

        *rows += record.batch ? record.batch->count : 0;
        streamd_batch_release(c, record.batch);
        if (flow != STREAMD_OK)
            return flow;
        if (*rows >= STORE_PIECE_ROWS)
            return STREAMD_HAS_MORE;
    }
    return rc ? STREAMD_FAILED : STREAMD_OK;
}

static enum streamd_flow write_segments(struct streamd_context *c, struct sink *s)
{
    struct replay *r = &s->replay;
    struct streamd_outbox_segment segment;
    uint32_t rows = 0;
    int rc;

    while ((rc = streamd_outbox_list(c, r->up_to, r->segment, &segment)) > 0) {
        enum streamd_flow flow;
        int due = r->position > 0 ? 1 : is_due(c, s, &segment, &flow);

        if (due < 0)
            return flow;
        r->wrote |= due && strcmp(segment.lineage, c->lineage) == 0;
        flow = due ? write_segment(c, s, &segment, &rows) : STREAMD_OK;
        /* The marker of a lineage that is not ours: there is no later commit of its. */
        if (flow == STREAMD_OK && due && strcmp(segment.lineage, c->lineage) != 0)
            flow = store_after(
                c, s, write_marker(c, s, segment.lineage, (int64_t)segment.checkpoint, 0), "mark");
        if (flow != STREAMD_OK)
            return flow;
        r->segment++;
        r->position = 0;
    }
    return rc ? STREAMD_FAILED : STREAMD_OK;
}

/* SQLite's code. */
static int write_markers(struct streamd_context *c, struct sink *s)
{
    int rc = SQLITE_OK;

    if (s->replay.wrote)
        rc = write_marker(c, s, c->lineage, (int64_t)s->replay.up_to, 0);
    /* For whoever restores the same savepoint once more: something came after it. */
    if (!rc && s->replay.wrote && c->parent_lineage[0])
        rc = write_marker(c, s, c->parent_lineage, 0, (int64_t)c->parent_checkpoint + 1);
    return rc;
}

enum streamd_flow replay_go_on(struct streamd_context *c, struct sink *s)
{
    enum streamd_flow flow;

    if (!s->committing) {
        flow = store_after(c, s, sink_run(s, "BEGIN IMMEDIATE"), "lock");
        if (flow != STREAMD_OK)
            return flow;
        s->committing = 1;
        s->replay.segment = 0;
        s->replay.position = 0;
        s->replay.wrote = 0;
        s->replay.lineage[0] = '\0';
    }
    flow = write_segments(c, s);
    if (flow == STREAMD_BLOCKED) {
        /* A statement could not end, in the middle of a record: from the beginning again. */
        (void)sink_run(s, "ROLLBACK");
        s->committing = 0;
        return flow;
    }
    if (flow == STREAMD_HAS_MORE) {
        streamd_block_on(c, -1, streamd_now(c));
        return STREAMD_BLOCKED;
    }
    if (flow == STREAMD_OK)
        flow = store_after(c, s, write_markers(c, s), "mark");
    if (flow == STREAMD_OK)
        flow = store_after(c, s, sink_run(s, "COMMIT"), "commit to");
    if (flow != STREAMD_OK)
        return flow;
    s->committing = 0;
    return streamd_outbox_erase(c, s->replay.up_to) ? STREAMD_FAILED : STREAMD_OK;
}

enum streamd_flow replay_commit(struct streamd_context *c, struct sink *s, uint64_t id)
{
    struct streamd_outbox_segment segment;
    int rc = streamd_outbox_list(c, id, 0, &segment);

    if (rc <= 0)
        return rc ? STREAMD_FAILED : STREAMD_OK;
    s->replay.up_to = id;
    return replay_go_on(c, s);
}
