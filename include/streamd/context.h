/*
 * streamd/context.h - what an open node holds in its hand, and the host's services.
 *
 * A plugin links to nothing of streamd: everything it may call comes through the context that open
 * receives. So it runs in the fake host of the test harness as in the real one. All functions are
 * for the dataflow thread of the node's worker unless a comment says otherwise.
 */
#ifndef STREAMD_CONTEXT_H
#define STREAMD_CONTEXT_H

#include <streamd/batch.h>
#include <streamd/error.h>
#include <streamd/expr.h>
#include <streamd/state.h>
#include <streamd/aggregate.h>

#ifdef __cplusplus
extern "C" {
#endif

struct streamd_context;
struct streamd_split;
struct streamd_outbox_segment;
struct streamd_outbox_record;

/*
 * What an event handler answers.
 * OK        done with the event; give me the next.
 * HAS_MORE  an output was full; call resume when there is room. The input batch is kept alive.
 * BLOCKED   waiting for the descriptor or time given with streamd_block_on; resume comes then.
 * FINISHED  sources: the split has ended. Operators: takes no more input.
 * FAILED    see streamd_fail, which must have been called.
 */
enum streamd_flow {
    STREAMD_OK = 0,
    STREAMD_HAS_MORE = 1,
    STREAMD_BLOCKED = 2,
    STREAMD_FINISHED = 3,
    STREAMD_FAILED = 4
};

enum streamd_log_level {
    STREAMD_LOG_ERROR = 1,
    STREAMD_LOG_WARNING = 2,
    STREAMD_LOG_INFO = 3,
    STREAMD_LOG_DEBUG = 4
};

/* Bytes that grow, owned by who set it up with {0}; released with streamd_buffer_clear. */
struct streamd_buffer {
    uint8_t *data;
    size_t length;
    size_t capacity;
};

/* One service table for all kinds of plugins. Grows at the end only; call through the functions
   below, which are the manual. */
struct streamd_host {
    uint32_t size;
    void *(*alloc)(struct streamd_context *, size_t);
    void *(*realloc)(struct streamd_context *, void *, size_t);
    void (*free)(struct streamd_context *, void *);
    void (*log)(struct streamd_context *, int level, const char *message);
    int64_t (*now)(struct streamd_context *);
    void (*wake_at)(struct streamd_context *, int64_t);
    void (*block_on)(struct streamd_context *, int, int64_t);
    enum streamd_flow (*fail)(struct streamd_context *, enum streamd_class, int, const char *);

    struct streamd_batch *(*batch_new)(struct streamd_context *, const struct streamd_schema *,
                                       uint32_t);
    struct streamd_batch *(*batch_derive)(struct streamd_context *, struct streamd_batch *,
                                          const struct streamd_schema *);
    void *(*batch_alloc)(struct streamd_context *, struct streamd_batch *, size_t);
    int (*batch_nullable)(struct streamd_context *, struct streamd_batch *, uint32_t);
    int (*batch_reserve)(struct streamd_context *, struct streamd_batch *, uint32_t, size_t);
    struct streamd_batch *(*batch_retain)(struct streamd_context *, struct streamd_batch *);
    void (*batch_release)(struct streamd_context *, struct streamd_batch *);
    int (*emit)(struct streamd_context *, uint32_t, struct streamd_batch *);
    int (*has_room)(struct streamd_context *, uint32_t);
    int (*reject)(struct streamd_context *, struct streamd_batch *, uint32_t, int, const char *);
    int (*reject_raw)(struct streamd_context *, const void *, size_t, uint64_t, int, const char *);

    int (*eval)(struct streamd_context *, const struct streamd_expr *, struct streamd_batch *,
                struct streamd_column *);
    int (*filter)(struct streamd_context *, const struct streamd_expr *, struct streamd_batch *);
    struct streamd_batch *(*project)(struct streamd_context *, const struct streamd_projection *,
                                     struct streamd_batch *);
    int (*hash_keys)(struct streamd_context *, const struct streamd_table *, struct streamd_batch *,
                     const uint64_t **);

    struct streamd_table *(*table)(struct streamd_context *, uint32_t);

    int (*aggregate_init)(struct streamd_context *, const struct streamd_aggregates *,
                          struct streamd_table *, void *const *, uint32_t);
    int (*aggregate_update)(struct streamd_context *, const struct streamd_aggregates *,
                            struct streamd_table *, struct streamd_batch *, const uint16_t *,
                            void *const *, uint32_t);
    int (*aggregate_merge)(struct streamd_context *, const struct streamd_aggregates *,
                           struct streamd_table *, void *const *, struct streamd_table *,
                           void *const *, uint32_t);
    struct streamd_batch *(*aggregate_result)(struct streamd_context *,
                                              const struct streamd_aggregates *,
                                              struct streamd_table *, void *const *, uint32_t,
                                              const struct streamd_column *);

    int (*split_add)(struct streamd_context *, const char *, const char *);
    int (*feed)(struct streamd_context *, struct streamd_split *, const uint8_t *, size_t, uint64_t,
                int, size_t *);
    int (*split_emit)(struct streamd_context *, struct streamd_split *, struct streamd_batch *);
    int (*split_has_room)(struct streamd_context *, struct streamd_split *);

    int (*encode)(struct streamd_context *, struct streamd_batch *, struct streamd_buffer *);
    int (*encode_begin)(struct streamd_context *, struct streamd_buffer *);
    const char *(*encode_suffix)(struct streamd_context *);
    int (*buffer_reserve)(struct streamd_context *, struct streamd_buffer *, size_t);
    void (*buffer_clear)(struct streamd_context *, struct streamd_buffer *);

    void (*count)(struct streamd_context *, const char *, uint64_t);

    int (*aggregate_check)(struct streamd_context *, const struct streamd_aggregates *,
                           struct streamd_batch *);

    int (*outbox_append)(struct streamd_context *, const void *, size_t);
    int (*outbox_append_batch)(struct streamd_context *, const struct streamd_batch *);
    int (*outbox_seal)(struct streamd_context *, uint64_t);
    int (*outbox_list)(struct streamd_context *, uint64_t, uint32_t,
                       struct streamd_outbox_segment *);
    int (*outbox_read)(struct streamd_context *, const struct streamd_outbox_segment *, uint64_t *,
                       struct streamd_outbox_record *);
    int (*outbox_erase)(struct streamd_context *, uint64_t);
};

/*
 * The node as its plugin sees it. The host owns it; it is valid from open to close. `options` and
 * `bound` are shared by all tasks of the node and read-only.
 */
struct streamd_context {
    const struct streamd_host *host;
    const void *options;                 /* the plugin's options struct */
    const void *bound;                   /* what bind kept with streamd_bind_set_private, or NULL */
    const char *node;                    /* the node's name */
    uint32_t task, parallelism;          /* this task's number, and how many the node has */
    const struct streamd_schema *input;  /* schema of the inputs, or NULL (sources) */
    const struct streamd_schema *output; /* schema of output 0, or NULL (sinks) */
    uint32_t batch_rows;                 /* rows that a batch should have when it is full */
    uint32_t key_count;                  /* fields of the node's key_by */
    const uint32_t *key_fields;          /* their numbers in the input's schema */

    /*
     * Where the pipeline stands among its checkpoints. A lineage is drawn at its first start and at
     * every restore from a savepoint: 32 hexadecimal digits. Ids of checkpoints are unique within
     * it. An attempt is one set of worker processes: letters and digits, another text each time,
     * the same in all tasks. Without checkpoints all texts are "" and all numbers 0.
     */
    int durable;                /* 1: checkpoints are taken, and what they hold survives a crash */
    int accept_duplicates;      /* the user accepts that output which went out comes again */
    const char *lineage;        /* of this run */
    const char *attempt;        /* of this run */
    uint64_t checkpoint;        /* of this lineage, restored from; commit comes with it before
                                   anything else. 0: began empty */
    const char *parent_lineage; /* of the savepoint that the lineage began with, or "" */
    uint64_t parent_checkpoint; /* the savepoint's checkpoint, by the ids of parent_lineage */
};

/* ---- memory, log, time ------------------------------------------------------------------- */

/* Memory counted to this node. NULL when there is none or limits.memory forbids it. */
static inline void *streamd_alloc(struct streamd_context *c, size_t bytes)
{
    return c->host->alloc(c, bytes);
}

/* As realloc(3): on failure NULL, and the old block lives on. */
static inline void *streamd_realloc(struct streamd_context *c, void *old, size_t bytes)
{
    return c->host->realloc(c, old, bytes);
}

/* Releases what the two functions above gave. NULL is fine. */
static inline void streamd_free(struct streamd_context *c, void *memory)
{
    c->host->free(c, memory);
}

/* Writes one line to the log, with pipeline and node in front. Any thread. */
static inline void streamd_log(struct streamd_context *c, enum streamd_log_level level,
                               const char *message)
{
    c->host->log(c, (int)level, message);
}

/* Processing time in microseconds since the epoch, from the host's clock (tests have their own). */
static inline int64_t streamd_now(struct streamd_context *c)
{
    return c->host->now(c);
}

/* Asks for a timer event at this processing time. One time per node: the earliest asked for wins;
   it is forgotten when the event comes. */
static inline void streamd_wake_at(struct streamd_context *c, int64_t now_us)
{
    c->host->wake_at(c, now_us);
}

/* Says what a handler that answers STREAMD_BLOCKED waits for: a descriptor to become readable (or
   -1), a processing time (or INT64_MAX), whichever is first. */
static inline void streamd_block_on(struct streamd_context *c, int descriptor, int64_t until_us)
{
    c->host->block_on(c, descriptor, until_us);
}

/* Reports a failure. `diagnostic` is a stable number or 0. Returns STREAMD_FAILED, so that a
   handler can `return streamd_fail(...)`. */
static inline enum streamd_flow streamd_fail(struct streamd_context *c, enum streamd_class cls,
                                             int diagnostic, const char *message)
{
    return c->host->fail(c, cls, diagnostic, message);
}

/* Adds to a named counter of this node (a constant [a-z_]+), shown in status and metrics. */
static inline void streamd_count(struct streamd_context *c, const char *counter, uint64_t n)
{
    c->host->count(c, counter, n);
}

/* ---- batches ----------------------------------------------------------------------------- */

/*
 * An empty batch (rows 0) with room for `capacity` rows (0: context.batch_rows) in every column of
 * the schema and in event_time. Fill the columns, set rows and count, and emit it. NULL: no memory.
 * The caller owns one reference, which emit takes.
 */
static inline struct streamd_batch *streamd_batch_new(struct streamd_context *c,
                                                      const struct streamd_schema *schema,
                                                      uint32_t capacity)
{
    return c->host->batch_new(c, schema, capacity);
}

/*
 * A batch of another schema over the same rows: shares selection, event time and row kinds with
 * `parent` and keeps it alive. Its columns are empty; set each to a column of the parent (a plain
 * struct copy) or to memory of streamd_batch_alloc. NULL: no memory.
 */
static inline struct streamd_batch *streamd_batch_derive(struct streamd_context *c,
                                                         struct streamd_batch *parent,
                                                         const struct streamd_schema *schema)
{
    return c->host->batch_derive(c, parent, schema);
}

/* Memory, 16-byte aligned, not zeroed, that lives as long as the batch. NULL: none. */
static inline void *streamd_batch_alloc(struct streamd_context *c, struct streamd_batch *b,
                                        size_t bytes)
{
    return c->host->batch_alloc(c, b, bytes);
}

/* Makes room in the data of a variable column for `bytes` more after what offsets[rows] says.
   May move column->data. 0 or STREAMD_E_NOMEM. */
static inline int streamd_batch_reserve(struct streamd_context *c, struct streamd_batch *b,
                                        uint32_t column, size_t bytes)
{
    struct streamd_column *col = &b->columns[column];
    if ((size_t)col->offsets[b->rows] + bytes <= col->data_capacity)
        return 0;
    return c->host->batch_reserve(c, b, column, bytes);
}

/* Marks a value NULL; its offsets must be set all the same. 0 or STREAMD_E_NOMEM. */
static inline int streamd_batch_set_null(struct streamd_context *c, struct streamd_batch *b,
                                         uint32_t column, uint32_t row)
{
    if (!b->columns[column].validity) {
        int rc = c->host->batch_nullable(c, b, column);
        if (rc)
            return rc;
    }
    b->columns[column].validity[row >> 3] &= (uint8_t) ~(1u << (row & 7u));
    return 0;
}

/* Keeps a batch beyond the call. Returns the batch to use from now on (a copy where the original
   lies in shared memory), or NULL. */
static inline struct streamd_batch *streamd_batch_retain(struct streamd_context *c,
                                                         struct streamd_batch *b)
{
    return c->host->batch_retain(c, b);
}

/* Gives back one reference. NULL is fine. */
static inline void streamd_batch_release(struct streamd_context *c, struct streamd_batch *b)
{
    c->host->batch_release(c, b);
}

/*
 * Sends a batch to an output (0 the main one, then the side outputs) and takes the caller's
 * reference, whatever it answers. A batch with count 0 is dropped. To pass on a batch that was
 * received, retain it first. Answers 1: sent, and there is room for another; 0: sent, and the
 * output is full now: remember where you are and return STREAMD_HAS_MORE; negative: failed.
 */
static inline int streamd_emit(struct streamd_context *c, uint32_t output, struct streamd_batch *b)
{
    return c->host->emit(c, output, b);
}

/* 1 where the output takes another batch. */
static inline int streamd_has_room(struct streamd_context *c, uint32_t output)
{
    return c->host->has_room(c, output);
}

/*
 * Sends one record of a batch where the node's on_error says. 0: go on without the record (it is
 * still in the batch: the caller leaves it out); negative: the pipeline fails, return
 * STREAMD_FAILED. `code` is an enum streamd_row_code.
 */
static inline int streamd_reject(struct streamd_context *c, struct streamd_batch *b, uint32_t row,
                                 int code, const char *message)
{
    return c->host->reject(c, b, row, code, message);
}

/* The same for a record that never became a row: its bytes, and their position in the split. */
static inline int streamd_reject_raw(struct streamd_context *c, const void *data, size_t length,
                                     uint64_t position, int code, const char *message)
{
    return c->host->reject_raw(c, data, length, position, code, message);
}

/* ---- expressions ------------------------------------------------------------------------- */

/*
 * Evaluates an expression over the selected rows. Rows with an error are rejected and taken out
 * of the batch's selection. `out` refers to memory of the batch, or to one of its columns. 0, or
 * negative: return STREAMD_FAILED.
 */
static inline int streamd_eval(struct streamd_context *c, const struct streamd_expr *e,
                               struct streamd_batch *b, struct streamd_column *out)
{
    return c->host->eval(c, e, b, out);
}

/* Narrows the batch to the rows for which a condition is true (not false, not NULL, no error). */
static inline int streamd_filter(struct streamd_context *c, const struct streamd_expr *e,
                                 struct streamd_batch *b)
{
    return c->host->filter(c, e, b);
}

/* A derived batch with the projection's fields; fields that are plain columns are not copied.
   NULL: failed, return STREAMD_FAILED. The caller owns a reference. */
static inline struct streamd_batch *streamd_project(struct streamd_context *c,
                                                    const struct streamd_projection *p,
                                                    struct streamd_batch *b)
{
    return c->host->project(c, p, b);
}

/* Hash column of a table's key columns over the batch, from the batch where it has one. The array
   is indexed by physical row, valid for selected rows, and lives as long as the batch. */
static inline int streamd_hash_keys(struct streamd_context *c, const struct streamd_table *t,
                                    struct streamd_batch *b, const uint64_t **hash)
{
    return c->host->hash_keys(c, t, b, hash);
}

/* ---- state ------------------------------------------------------------------------------- */

/* The open table that bind declared under this number. Owned by the host. Its operations are in
   state.h. */
static inline struct streamd_table *streamd_context_table(struct streamd_context *c,
                                                          uint32_t number)
{
    return c->host->table(c, number);
}

/* Sets the accumulators of n new rows of an aggregate table to "nothing seen yet". 0 or negative.
 */
static inline int streamd_aggregate_init(struct streamd_context *c,
                                         const struct streamd_aggregates *a,
                                         struct streamd_table *t, void *const *rows, uint32_t n)
{
    return c->host->aggregate_init(c, a, t, rows, n);
}

/*
 * Takes the rows out of the batch's selection for which an argument or a FILTER has an error, and
 * rejects them: once, before their keys make rows of state. Call it before the updates with a
 * batch; where no row fails and the next update is of the same selection, it costs nothing more. 0
 * or negative.
 */
static inline int streamd_aggregate_check(struct streamd_context *c,
                                          const struct streamd_aggregates *a,
                                          struct streamd_batch *b)
{
    return c->host->aggregate_check(c, a, b);
}

/*
 * For k < n, feeds row sel[k] (row k, where sel is NULL) of the batch into the accumulators in
 * rows[k]. The batch's own selection is not looked at. Rows of the batch with an error in an
 * argument are rejected and change nothing. May move variable parts of rows, never a row. 0 or
 * negative.
 */
static inline int streamd_aggregate_update(struct streamd_context *c,
                                           const struct streamd_aggregates *a,
                                           struct streamd_table *t, struct streamd_batch *b,
                                           const uint16_t *sel, void *const *rows, uint32_t n)
{
    return c->host->aggregate_update(c, a, t, b, sel, rows, n);
}

/* For k < n, adds the accumulators in from[k], a row of `source`, to those in into[k], a row of
   `t`. Both tables were declared with the same aggregates. 0 or negative. */
static inline int streamd_aggregate_merge(struct streamd_context *c,
                                          const struct streamd_aggregates *a,
                                          struct streamd_table *t, void *const *into,
                                          struct streamd_table *source, void *const *from,
                                          uint32_t n)
{
    return c->host->aggregate_merge(c, a, t, into, source, from, n);
}

/*
 * A new batch of schema a->output for n rows of a table. `extras` has one column for each extra
 * column of the option, of n values each (NULL where there are none); they are copied. The
 * accumulators stay as they are. event_time is allocated and not set. A result row with an error
 * is rejected and left out of the selection. NULL: failed. The caller owns a reference.
 */
static inline struct streamd_batch *streamd_aggregate_result(struct streamd_context *c,
                                                             const struct streamd_aggregates *a,
                                                             struct streamd_table *t,
                                                             void *const *rows, uint32_t n,
                                                             const struct streamd_column *extras)
{
    return c->host->aggregate_result(c, a, t, rows, n, extras);
}

/* ---- outbox ------------------------------------------------------------------------------ */

/*
 * For sinks whose system cannot prepare: what they are to write is kept in files that belong to the
 * checkpoint. The node declared it with streamd_bind_outbox, and context.durable is 1.
 *
 *   batch    streamd_outbox_append_batch        records go to a segment of this task
 *   prepare  streamd_outbox_seal(id)            the segment is on disk, and a row of `_outbox`
 *   commit   streamd_outbox_list, _read ...     everything up to id is written, and marked
 *            streamd_outbox_erase(id)           segments and rows are gone
 *
 * A task sees the segments that it sealed, and after a restart those that it was given: each is
 * given to one task. Failures call streamd_fail and keep every segment.
 */

/* A sealed segment, in the order of writing: by checkpoint, then task, then number. Valid until the
   next call that seals or erases. */
struct streamd_outbox_segment {
    const char *name;
    const char *lineage; /* under which it was sealed, and */
    uint64_t checkpoint; /* for which checkpoint */
    uint64_t records, bytes;
    int missing; /* the file is not there */
};

/* A record, as it was appended: bytes, or a batch of context.input, then with data NULL. */
struct streamd_outbox_record {
    const uint8_t *data; /* valid until the next call of the outbox */
    size_t length;
    struct streamd_batch *batch; /* the caller owns the reference; or NULL */
};

/* Appends a record of at most 1 GiB. 0, or negative after streamd_fail. */
static inline int streamd_outbox_append(struct streamd_context *c, const void *data, size_t length)
{
    return c->host->outbox_append(c, data, length);
}

/* Appends the selected rows of a batch of context.input, with event times and row kinds. 0, or
   negative after streamd_fail. */
static inline int streamd_outbox_append_batch(struct streamd_context *c,
                                              const struct streamd_batch *batch)
{
    return c->host->outbox_append_batch(c, batch);
}

/* From prepare: everything appended so far belongs to checkpoint `id`, and survives a crash. 0, or
   negative after streamd_fail. */
static inline int streamd_outbox_seal(struct streamd_context *c, uint64_t id)
{
    return c->host->outbox_seal(c, id);
}

/*
 * The index-th segment that a commit of `up_to` is about: sealed for a checkpoint of this lineage
 * that is not later, or under another lineage. 1, or 0 past the last, or negative after
 * streamd_fail. A segment of another lineage is missing where its savepoint was taken after the
 * commit, as all are that streamd takes: it is to be skipped. One of this lineage is missing only
 * after it was erased, so that its checkpoint must be marked as committed.
 */
static inline int streamd_outbox_list(struct streamd_context *c, uint64_t up_to, uint32_t index,
                                      struct streamd_outbox_segment *segment)
{
    return c->host->outbox_list(c, up_to, index, segment);
}

/*
 * The next record of a segment. `position` starts at 0 and is moved on; keep it to go on after
 * STREAMD_BLOCKED. At 0 the whole segment is checked first: a damaged or missing one gives no
 * record at all. 1, or 0 at the end, or negative after streamd_fail.
 */
static inline int streamd_outbox_read(struct streamd_context *c,
                                      const struct streamd_outbox_segment *segment,
                                      uint64_t *position, struct streamd_outbox_record *record)
{
    return c->host->outbox_read(c, segment, position, record);
}

/* Forgets the segments that streamd_outbox_list shows for `up_to`. After their content is safe
   elsewhere, and marked so. May be repeated. 0, or negative after streamd_fail. */
static inline int streamd_outbox_erase(struct streamd_context *c, uint64_t up_to)
{
    return c->host->outbox_erase(c, up_to);
}

/* ---- sources ------------------------------------------------------------------------------ */

/*
 * From list(): names a split. `id` is its stable identity; `title` is for people and may be NULL.
 * Splits known already are ignored. 0 or negative.
 */
static inline int streamd_split_add(struct streamd_context *c, const char *id, const char *title)
{
    return c->host->split_add(c, id, title);
}

/*
 * Hands bytes of a split to the node's format. 64 bytes after `data + length` must be readable
 * (their values do not matter). `position` is the split's position of data[0], for messages, and 0
 * at the beginning of a file. `last`: nothing comes after these bytes; a split of several files
 * says so at the end of each, and the next call begins a new file. `consumed` says how many were
 * used up; keep the rest and hand it in again, in front of what comes next. Answers 1: there is
 * room for more; 0: output full, return STREAMD_HAS_MORE; negative: failed.
 */
static inline int streamd_feed(struct streamd_context *c, struct streamd_split *s,
                               const uint8_t *data, size_t length, uint64_t position, int last,
                               size_t *consumed)
{
    return c->host->feed(c, s, data, length, position, last, consumed);
}

/* Sends a batch that a split made itself; as streamd_emit. */
static inline int streamd_split_emit(struct streamd_context *c, struct streamd_split *s,
                                     struct streamd_batch *b)
{
    return c->host->split_emit(c, s, b);
}

/* 1 where the split's output takes another batch. */
static inline int streamd_split_has_room(struct streamd_context *c, struct streamd_split *s)
{
    return c->host->split_has_room(c, s);
}

/* ---- sinks -------------------------------------------------------------------------------- */

/* Appends the selected rows of a batch to a buffer in the node's format. 0 or negative. */
static inline int streamd_encode(struct streamd_context *c, struct streamd_batch *b,
                                 struct streamd_buffer *out)
{
    return c->host->encode(c, b, out);
}

/* Appends what stands at the beginning of a file of the node's format (a CSV header). */
static inline int streamd_encode_begin(struct streamd_context *c, struct streamd_buffer *out)
{
    return c->host->encode_begin(c, out);
}

/* File name suffix of the node's format without the dot: "json". */
static inline const char *streamd_encode_suffix(struct streamd_context *c)
{
    return c->host->encode_suffix(c);
}

/* Makes room for `bytes` more in a buffer. 0 or STREAMD_E_NOMEM. */
static inline int streamd_buffer_reserve(struct streamd_context *c, struct streamd_buffer *buffer,
                                         size_t bytes)
{
    if (buffer->capacity - buffer->length >= bytes)
        return 0;
    return c->host->buffer_reserve(c, buffer, bytes);
}

/* Releases a buffer's memory and makes it empty. */
static inline void streamd_buffer_clear(struct streamd_context *c, struct streamd_buffer *buffer)
{
    c->host->buffer_clear(c, buffer);
}

#ifdef __cplusplus
}
#endif
#endif
