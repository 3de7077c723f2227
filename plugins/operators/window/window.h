/*
 * The operator `window`, seen from inside.
 *
 *   window.c    descriptor, options, events          bind.c     what the options mean; diagnostics
 *   assign.c    rows of a batch to panes             rows.c     rows of state: finding, sending
 *   aligned.c   tumbling, sliding, cumulative        fire.c     walks over their windows
 *   session*.c  sessions                             count.c    count and global windows
 *   late.c      rows that are late; windows that fire again
 *   seal.c      what will not change any more, for checkpoints
 *   shared*.c, merge.c   sliding and cumulative windows that share panes
 *
 * Aligned windows that share nothing live in the namespaces of one table, a row per key. A window
 * [start, end) has the namespace end - span, where span is the length of its last pane: for
 * tumbling and sliding windows that is their start.
 */
#ifndef WINDOW_WINDOW_H
#define WINDOW_WINDOW_H

#include <streamd/operator.h>

#include "clock.h"

enum window_kind {
    WINDOW_TUMBLING = 1,
    WINDOW_SLIDING,
    WINDOW_SESSION,
    WINDOW_CUMULATIVE,
    WINDOW_COUNT,
    WINDOW_GLOBAL
};

enum { WINDOW_EVENT_TIME = 0, WINDOW_PROCESSING_TIME = 1 };
enum { WINDOW_EMIT_UPDATES = 0, WINDOW_EMIT_FINAL = 1 };

/* The user's `window:`; durations in microseconds, 0 where not given. */
struct window_choice {
    int64_t tumbling, sliding, session, cumulative, count;
    int64_t every, step, offset, allowed_lateness, early, time, emit;
    uint8_t global;
    uint8_t has_tumbling, has_sliding, has_session, has_cumulative, has_count, has_global;
    uint8_t has_every, has_step, has_offset, has_lateness, has_early, has_time, has_emit;
};

struct window_options {
    struct window_choice window;
    const struct streamd_aggregates *select;
};

struct window_task;
struct window_group;
typedef enum streamd_flow window_step(struct window_task *);

/* How a kind of window works. */
struct window_ops {
    void (*open)(struct window_task *); /* reads what it must from the tables; NULL: nothing */
    enum streamd_flow (*batch)(struct window_task *, struct streamd_batch *);
    window_step *fire;                          /* what is complete at t->watermark */
    window_step *early;                         /* what has changed since it was sent */
    int64_t (*first_end)(struct window_task *); /* INT64_MAX: no window is open */
    /* Aligned windows: rows of a group into state, 0 or negative; what has fired and got some of
       them fires again. */
    int (*add)(struct window_task *, const struct window_group *);
    window_step *again;
    void (*seal)(struct window_task *); /* before a checkpoint; NULL: nothing stays as it is */
};

/* Columns of tables behind the keys; these two only where results are revised. */
enum { WINDOW_EMITTED = 0, WINDOW_CHANGED = 1, WINDOW_FLAGS = 2 };

/* What bind makes of the options. Read-only, shared by all tasks. */
struct window_plan {
    const struct window_ops *ops;
    enum window_kind kind;
    int by_clock;     /* by processing time */
    int shared;       /* windows share panes */
    int gives_time;   /* results have an event time */
    int updates;      /* results are revised: rows of state have flags */
    uint32_t flags;   /* columns of tables: WINDOW_FLAGS or none, */
    uint32_t columns; /* and those of the kind behind them */
    int64_t size;     /* length, gap, or rows */
    int64_t step;     /* from start to start, or from end to end (cumulative) */
    int64_t span;     /* of the pane that a window's namespace names */
    int64_t offset;   /* of the alignment */
    int64_t lateness; /* a window is dropped so long after its end */
    int64_t delay;    /* and fires so long after it */
    int64_t early;    /* updates before the end come this often; 0: none */
    const struct streamd_aggregates *aggregates;
    const struct streamd_schema *late; /* of the output `late`, or NULL */
    const struct streamd_schema *keys; /* the fields of key_by */
    int levels;                        /* of spans (shared.h) */
    /* Numbers of the tables. */
    uint32_t table, older, spans[2], result, sent, progress;
};

/* [start, end) of a window. */
struct window_span {
    int64_t start, end;
};

/* Rows of a batch in one pane: n entries of sel from `first` on. */
struct window_group {
    int64_t start;
    uint64_t width;
    uint32_t first, n;
};

/* The rows of the batch at hand, by pane, while an event lasts. */
struct window_groups {
    struct streamd_batch *batch;
    const uint64_t *hash;
    struct window_group *items;
    uint32_t count, capacity;
    const uint16_t
        *sel;         /* of all groups, one after the other; NULL: one group of rows 0 .. n - 1 */
    uint16_t *sorted; /* memory for sel */
    uint16_t *of;     /* group of the k-th row */
    uint16_t *slots;  /* hash table from a start to group + 1 */
    uint32_t slot_count;
    uint32_t at; /* firing again: the group, */
    int64_t ns;  /* the window, */
    int inside;  /* and whether the group was begun */
};

/* A walk over the aligned windows. */
struct window_pass {
    int64_t fired; /* those that end at or before this have fired in earlier passes */
    int64_t due;   /* those that end at or before this fire now */
    int64_t clean; /* and those that end at or before this go */
    int64_t ns;    /* where it is */
    int inside;    /* in the middle of ns */
    struct streamd_cursor cursor;
};

/* Panes and spans that are merged into a namespace of a table (merge.c). */
struct shared_piece {
    struct streamd_table *table;
    int64_t ns;
    int64_t end; /* where the next piece begins */
    int level;   /* 0: a pane */
};

struct shared_frame {
    struct streamd_table *into;
    int64_t ns, at, end;
    int levels;
    int inside; /* in the middle of `piece` */
    struct shared_piece piece;
    struct streamd_cursor cursor;
    uint64_t merged; /* rows */
};

enum { SHARED_LEVELS = 13 }; /* 2^13 slides are the half of more windows than there may be */

/* A walk over windows that share panes (shared_fire.c). */
struct shared_walk {
    int stage;
    int64_t due, clean; /* as in struct window_pass */
    struct window_span span;
    int64_t ns;               /* the window */
    struct streamd_table *of; /* where its rows are, */
    int64_t of_ns;            /* and in which namespace */
    struct streamd_cursor cursor;
    int depth; /* frames in use */
    struct shared_frame frames[SHARED_LEVELS + 2];
};

/* Sessions that fire (session_fire.c). */
struct window_sessions {
    int stage;
    int early;  /* early updates of all that changed */
    int latest; /* at the table of the latest sessions; else at the older ones */
    uint32_t n; /* rows at hand, in t->some */
    struct streamd_cursor cursor;
};

struct window_task {
    struct streamd_context *c;
    const struct window_plan *plan;
    struct streamd_table *table, *older, *spans[2], *result, *sent, *progress;
    window_step *resume; /* goes on with the event at hand */

    int64_t watermark; /* event or processing time; the host gives it again after a restart */
    int64_t fired;     /* aligned windows that end at or before this have fired */
    int64_t early_at;  /* processing time of the next early updates; INT64_MAX: nothing changed */
    int early_due;     /* they are due, as soon as what is complete has fired */

    struct window_pass pass;
    struct window_groups groups;
    struct window_sessions sessions;
    struct shared_walk walk;
    int sparse;       /* so many windows are put together of panes alone */
    int again;        /* sessions that are complete have changed */
    uint32_t waiting; /* count windows: rows in t->left that wait for the next round */

    /* Scratch memory for `room` rows, valid until the next call that uses it. */
    uint32_t room;
    void **rows, **some, **from;
    uint8_t *created;
    uint16_t *left, *out;
    int64_t *starts, *ends;
    const struct streamd_column **columns; /* the keys in the batch at hand */
};

/* ---- window.c ---- */

/* Makes scratch memory for n rows at least. 0, or negative after streamd_fail. */
int window_reserve(struct window_task *t, uint32_t n);

/* The answer of a handler that has no memory. */
enum streamd_flow window_no_memory(struct window_task *t);

/* What an event ends with: early updates where they are due, and the next timer. */
enum streamd_flow window_done(struct window_task *t);

/* Processing time, which never goes back behind windows that have fired. */
int64_t window_now(struct window_task *t);

/* Something has changed that early updates will have to say. */
void window_changed(struct window_task *t);

/* ---- bind.c ---- */

/* The operator's bind. */
int window_bind(struct streamd_bind *b, const void *options);

/* ---- assign.c: which windows does a time belong to? ---- */

/* The pane of a time: its start, and its width. */
int64_t window_pane(const struct window_plan *p, int64_t time, uint64_t *width);

/* Finds the first window with rows of a pane that ends behind `after`; 0: there is none. */
int window_first(const struct window_plan *p, int64_t pane, int64_t after, int64_t *ns);

/* The same for the window behind *ns. */
int window_next(const struct window_plan *p, int64_t pane, int64_t *ns);

/* Start and end of the window of a namespace. */
struct window_span window_span_of(const struct window_plan *p, int64_t ns);

/* Rows with a time before this belong to no window that is still there at the watermark. */
int64_t window_late_before(const struct window_plan *p, int64_t watermark);

/* Is the pane in no window that ends behind `after`? */
int window_is_past(const struct window_plan *p, int64_t pane, int64_t after);

/* Sorts the rows of the batch into t->groups by pane. `time` is the time of all rows, or NULL: each
   has its own. 0, or negative after streamd_fail. */
int window_assign(struct window_task *t, struct streamd_batch *b, const int64_t *time);

/* ---- rows.c: rows of state ---- */

/* The keys of n rows of the batch at hand, for a lookup. */
struct streamd_keys window_keys(struct window_task *t, const struct streamd_batch *b,
                                const uint64_t *hash, const uint16_t *sel, uint32_t n);

/* Finds or makes the row of each key in t->rows, and starts the accumulators of new ones, which
   t->created marks. 0, or negative after streamd_fail. */
int window_lookup(struct window_task *t, struct streamd_table *table, int64_t ns,
                  const struct streamd_keys *keys);

/* A flag of a row of t->table. */
static inline uint8_t *window_flag(const struct window_task *t, void *row, uint32_t flag)
{
    return streamd_row_value(t->table->layout, row, t->c->key_count + flag);
}

/* Keeps those of n rows whose results are not sent yet, or have changed since. */
uint32_t window_pick_changed(const struct window_task *t, void *const *rows, uint32_t n,
                             void **picked);

/* Results of n rows of a table; row k is of the window t->starts[k], t->ends[k]. NULL: failed. */
struct streamd_batch *window_result(struct window_task *t, struct streamd_table *table,
                                    void *const *rows, uint32_t n);

/* Says that the next n results are of one window. */
void window_set_span(struct window_task *t, uint32_t n, struct window_span span);

/* Gives a batch row kinds, to be set. 0, or negative after streamd_fail. */
int window_kinds(struct window_task *t, struct streamd_batch *b);

/* Sends results of rows of t->table as inserts, or, where they were sent before, as updates. The
   answer is that of streamd_emit. */
int window_send(struct window_task *t, void *const *rows, uint32_t n);

/* The same for rows that belong to one window. */
int window_send_span(struct window_task *t, void *const *rows, uint32_t n, struct window_span span);

/* ---- aligned.c ---- */

/* Takes a batch of rows: groups them by pane, has them added, and fires again what has fired. */
enum streamd_flow window_aligned_batch(struct window_task *t, struct streamd_batch *b);

/* The keys of a group of the batch at hand. */
struct streamd_keys window_group_keys(struct window_task *t, const struct window_group *group);

/* ---- fire.c: aligned windows that are complete; those that changed before they are ---- */

window_step window_fire, window_fire_early;

/* ---- seal.c ---- */

/* Seals windows that have fired. */
void window_aligned_seal(struct window_task *t);

/* ---- late.c ---- */

/* Windows that have fired and got rows from the groups at hand fire again. */
window_step window_fire_again;

/* Sends n rows of a batch, whose numbers are in t->out, to the output `late`. 0, or negative. */
int window_send_late(struct window_task *t, struct streamd_batch *b, uint32_t n);

/* Takes rows with a time before `before` out of the batch's selection and sends them to the output
   `late`. 0, or negative after streamd_fail. */
int window_take_late(struct window_task *t, struct streamd_batch *b, int64_t before);

/* ---- the kinds ---- */

extern const struct window_ops window_aligned_ops;
extern const struct window_ops window_shared_ops;
extern const struct window_ops window_session_ops;
extern const struct window_ops window_count_ops;
extern const struct window_ops window_global_ops;

#endif
