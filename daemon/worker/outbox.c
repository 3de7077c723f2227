/*
 * A segment that has grown to SEGMENT_BYTES is finished and another one begun, so that checking one
 * before it is read is a matter of milliseconds. What is finished and not sealed has no checkpoint
 * yet, and no row: it goes with the attempt.
 *
 * A batch is a record in the encoding of columnar/wire.h; the last byte of a record says whether it
 * is a batch or bytes of the plugin's own.
 */
#include "worker/outbox.h"

#include "base/array.h"
#include "base/error.h"
#include "columnar/pool.h"
#include "columnar/wire.h"
#include "worker/outbox_rows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SEGMENT_BYTES = 64 << 20, KEEP_BYTES = 4 << 20 };

enum { RECORD_BYTES = 0, RECORD_BATCH = 1 };

/* A finished segment that waits for its checkpoint. */
struct finished {
    struct outbox_writer *writer;
    struct outbox_summary summary;
    uint64_t sequence;
};

struct outbox {
    struct outbox_site site;
    char *folder;
    struct outbox_writer *writer; /* in progress, or NULL */
    uint64_t sequence;            /* of the next segment */
    struct {
        struct finished *items;
        size_t count, capacity;
    } finished;
    uint8_t *scratch; /* a record being encoded */
    size_t scratch_bytes;

    struct outbox_rows rows; /* as of the last outbox_list */
    int listed;
    uint64_t listed_up_to;
    struct outbox_reader *reader;
    char reading[OUTBOX_NAME_BYTES]; /* name of the segment that the reader is in */
    uint64_t position;               /* records that it has given out */
};

static int failed(struct outbox *o, const struct streamd_error *error)
{
    (void)streamd_fail(o->site.context, error->cls,
                       error->diagnostic ? error->diagnostic : OUTBOX_IO, error->message);
    return error->code;
}

static int no_memory(struct outbox *o)
{
    (void)streamd_fail(o->site.context, STREAMD_FAIL_TASK, 0, "no memory for the outbox");
    return STREAMD_E_NOMEM;
}

/* ---- opening and closing ----------------------------------------------------------------- */

static int make_folder(struct outbox *o, struct streamd_error *error)
{
    if (mkdir(o->folder, 0700) == 0)
        return file_sync_folder(o->site.ops, o->folder, error);
    if (errno == EEXIST)
        return 0;
    return error_set_full(error, STREAMD_E_IO, STREAMD_FAIL_TASK, OUTBOX_IO,
                          "cannot make the folder %s: %s", o->folder, strerror(errno));
}

/* Once per node, by its first task. */
static int clean(struct outbox *o, struct streamd_error *error)
{
    struct streamd_context *c = o->site.context;
    struct outbox_identity identity = {
        .lineage = c->lineage, .node = c->node, .attempt = c->attempt};
    char message[128];
    uint64_t removed;
    int rc;

    if (c->task != 0)
        return 0;
    rc = outbox_clean(o->site.ops, o->folder, &identity, c->checkpoint, &removed, error);
    if (rc || removed == 0)
        return rc;
    snprintf(message, sizeof(message), "removed %llu outbox segments that no checkpoint holds",
             (unsigned long long)removed);
    streamd_log(c, STREAMD_LOG_INFO, message);
    return 0;
}

int outbox_new(const struct outbox_site *site, struct outbox **outbox, struct streamd_error *error)
{
    struct outbox *o = memory_zalloc(1, sizeof(*o));
    int rc;

    if (!o)
        return error_set_nomem(error);
    o->site = *site;
    o->folder = memory_strdup(site->folder);
    rc = o->folder ? make_folder(o, error) : error_set_nomem(error);
    if (!rc)
        rc = clean(o, error);
    if (rc)
        outbox_free(o);
    else
        *outbox = o;
    return rc;
}

static void stop_reading(struct outbox *o)
{
    outbox_close(o->reader);
    o->reader = NULL;
    o->listed = 0;
}

void outbox_free(struct outbox *o)
{
    if (!o)
        return;
    stop_reading(o);
    outbox_discard(o->writer);
    for (size_t i = 0; i < o->finished.count; i++)
        outbox_discard(o->finished.items[i].writer);
    array_clear(&o->finished);
    array_clear(&o->rows);
    memory_free(o->scratch);
    memory_free(o->folder);
    memory_free(o);
}

/* ---- appending --------------------------------------------------------------------------- */

static int start_segment(struct outbox *o, struct streamd_error *error)
{
    struct streamd_context *c = o->site.context;
    struct outbox_identity identity = {.lineage = c->lineage,
                                       .node = c->node,
                                       .attempt = c->attempt,
                                       .task = c->task,
                                       .sequence = o->sequence};
    int rc = outbox_create(o->site.ops, o->folder, &identity, &o->writer, error);

    o->sequence += !rc;
    return rc;
}

/* Takes the segment in progress among the finished ones. */
static int finish_segment(struct outbox *o, struct streamd_error *error)
{
    struct finished f = {.writer = o->writer, .sequence = o->sequence - 1};
    int rc = outbox_finish(o->writer, &f.summary, error);

    if (rc)
        return rc;
    if (array_push(&o->finished, f))
        return error_set_nomem(error);
    o->writer = NULL;
    return 0;
}

/* `length` bytes of the scratch memory, of which the last one is still to be set. */
static int add_scratch(struct outbox *o, size_t length, uint8_t kind)
{
    struct streamd_error error = {0};
    int rc = o->writer ? 0 : start_segment(o, &error);

    o->scratch[length - 1] = kind;
    if (!rc)
        rc = outbox_append(o->writer, o->scratch, length, &error);
    if (!rc && outbox_size(o->writer) >= SEGMENT_BYTES)
        rc = finish_segment(o, &error);
    if (o->scratch_bytes > KEEP_BYTES) {
        memory_free(o->scratch);
        o->scratch = NULL;
        o->scratch_bytes = 0;
    }
    return rc ? failed(o, &error) : 0;
}

static int reserve_scratch(struct outbox *o, size_t bytes)
{
    uint8_t *grown;

    if (bytes <= o->scratch_bytes)
        return 0;
    grown = memory_realloc(o->scratch, bytes, 1);
    if (!grown)
        return no_memory(o);
    o->scratch = grown;
    o->scratch_bytes = bytes;
    return 0;
}

int outbox_add(struct outbox *o, const void *data, size_t length)
{
    struct streamd_error error = {0};
    int rc;

    if (length >= OUTBOX_RECORD_LIMIT) {
        error_set(&error, STREAMD_E_LIMIT, "a record of %zu bytes is too large for the outbox",
                  length);
        return failed(o, &error);
    }
    rc = reserve_scratch(o, length + 1);
    if (rc)
        return rc;
    if (length)
        memcpy(o->scratch, data, length);
    return add_scratch(o, length + 1, RECORD_BYTES);
}

int outbox_add_batch(struct outbox *o, const struct streamd_batch *batch)
{
    struct wire_rows rows = wire_rows_of(batch);
    struct streamd_error error = {0};
    size_t bytes;
    int rc;

    if (batch->count == 0)
        return 0;
    bytes = wire_size(batch, &rows);
    if (bytes < OUTBOX_RECORD_LIMIT) {
        rc = reserve_scratch(o, bytes + 1);
        if (rc)
            return rc;
        bytes = wire_encode(batch, &rows, o->scratch, bytes);
        if (bytes)
            return add_scratch(o, bytes + 1, RECORD_BATCH);
    }
    error_set(&error, STREAMD_E_LIMIT, "a batch of %u rows is too large for the outbox",
              batch->count);
    return failed(o, &error);
}

/* ---- sealing ----------------------------------------------------------------------------- */

static int seal_one(struct outbox *o, struct finished *f, uint64_t checkpoint,
                    struct streamd_error *error)
{
    struct streamd_context *c = o->site.context;
    struct outbox_row row = {
        .checkpoint = checkpoint, .sequence = f->sequence, .task = c->task, .summary = f->summary};
    int rc = outbox_name(f->writer, checkpoint, row.name, error);

    snprintf(row.lineage, sizeof(row.lineage), "%s", c->lineage);
    if (!rc && outbox_rows_add(o->site.table, &row))
        rc = error_set_nomem(error);
    return rc;
}

int outbox_seal(struct outbox *o, uint64_t checkpoint)
{
    struct streamd_error error = {0};
    int rc = o->writer ? finish_segment(o, &error) : 0;
    size_t count = o->finished.count;

    stop_reading(o);
    for (size_t i = 0; i < count && !rc; i++)
        rc = seal_one(o, &o->finished.items[i], checkpoint, &error);
    if (!rc && count)
        rc = outbox_sync(o->site.ops, o->folder, &error);
    if (rc)
        return failed(o, &error);
    for (size_t i = 0; i < count; i++)
        outbox_discard(o->finished.items[i].writer);
    o->finished.count = 0;
    return 0;
}

/* ---- reading ----------------------------------------------------------------------------- */

static int list(struct outbox *o, uint64_t up_to)
{
    struct streamd_error error = {0};
    int rc;

    if (o->listed && o->listed_up_to == up_to)
        return 0;
    rc = outbox_rows_list(o->site.table, o->site.context->lineage, up_to, &o->rows);
    if (rc == STREAMD_E_NOMEM)
        return no_memory(o);
    if (rc) {
        error_set_full(&error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, OUTBOX_DAMAGED,
                       "the table _outbox has a row that is no segment's");
        return failed(o, &error);
    }
    o->listed = 1;
    o->listed_up_to = up_to;
    return 0;
}

int outbox_list(struct outbox *o, uint64_t up_to, uint32_t index,
                struct streamd_outbox_segment *segment)
{
    const struct outbox_row *row;
    int rc = list(o, up_to);

    if (rc)
        return rc;
    if (index >= o->rows.count)
        return 0;
    row = &o->rows.items[index];
    *segment = (struct streamd_outbox_segment){.name = row->name,
                                               .lineage = row->lineage,
                                               .checkpoint = row->checkpoint,
                                               .records = row->summary.records,
                                               .bytes = row->summary.bytes,
                                               .missing = !outbox_exists(o->folder, row->name)};
    return 1;
}

static const struct outbox_row *find(const struct outbox *o, const char *name)
{
    for (size_t i = 0; i < o->rows.count; i++)
        if (strcmp(o->rows.items[i].name, name) == 0)
            return &o->rows.items[i];
    return NULL;
}

/* Opens the segment and passes over the records in front of `position`. */
static int go_to(struct outbox *o, const char *name, uint64_t position, struct streamd_error *error)
{
    const struct outbox_row *row = find(o, name);
    struct outbox_identity identity;
    const uint8_t *data;
    size_t length;
    int rc;

    outbox_close(o->reader);
    o->reader = NULL;
    if (!row)
        return error_set(error, STREAMD_E_STATE, "segment %s is not in the outbox", name);
    identity = (struct outbox_identity){.lineage = row->lineage,
                                        .node = o->site.context->node,
                                        .task = row->task,
                                        .sequence = row->sequence};
    rc =
        outbox_open(o->site.ops, o->folder, row->name, &identity, &row->summary, &o->reader, error);
    memcpy(o->reading, row->name, sizeof(o->reading));
    o->position = 0;
    while (!rc && o->position < position) {
        rc = outbox_next(o->reader, &data, &length, error);
        rc = rc > 0 ? 0 : rc ? rc : error_set(error, STREAMD_E_STATE, "no such position");
        o->position += !rc;
    }
    return rc;
}

static int make_record(struct outbox *o, const uint8_t *data, size_t length,
                       struct streamd_outbox_record *record, struct streamd_error *error)
{
    *record = (struct streamd_outbox_record){.data = data, .length = length - 1};
    if (length && data[length - 1] == RECORD_BYTES)
        return 0;
    if (!length || data[length - 1] != RECORD_BATCH)
        return error_set_full(error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, OUTBOX_DAMAGED,
                              "outbox segment %s has a record of an unknown kind", o->reading);
    record->data = NULL;
    record->length = 0;
    if (wire_decode(o->site.pool, o->site.context->input, data, length - 1, &record->batch, error))
        return error_add_context(error, "outbox segment %s", o->reading);
    return 0;
}

int outbox_read(struct outbox *o, const struct streamd_outbox_segment *segment, uint64_t *position,
                struct streamd_outbox_record *record)
{
    struct streamd_error error = {0};
    const uint8_t *data;
    size_t length;
    int rc = 0;

    if (!o->reader || *position != o->position || *position == 0 ||
        strcmp(o->reading, segment->name) != 0)
        rc = go_to(o, segment->name, *position, &error);
    if (!rc)
        rc = outbox_next(o->reader, &data, &length, &error);
    if (rc > 0) {
        o->position = ++*position;
        rc = make_record(o, data, length, record, &error);
        rc = rc ? rc : 1;
    }
    return rc < 0 ? failed(o, &error) : rc;
}

int outbox_erase(struct outbox *o, uint64_t up_to)
{
    struct streamd_error error = {0};
    int rc;

    stop_reading(o);
    rc = list(o, up_to);
    o->listed = 0;
    if (rc)
        return rc;
    for (size_t i = 0; i < o->rows.count && !rc; i++)
        rc = outbox_remove(o->site.ops, o->folder, o->rows.items[i].name, &error);
    if (rc)
        return failed(o, &error);
    for (size_t i = 0; i < o->rows.count; i++)
        if (streamd_table_erase(o->site.table, 0, &o->rows.items[i].row, 1))
            return no_memory(o);
    return 0;
}
