/*
 * streamd/bind.h - the bind step: what a node makes of its inputs and options.
 *
 * bind() of a source, operator or sink is called with the user's options and the schemas of the
 * inputs, in the process that judges a file and again in every worker. It declares the outputs,
 * what it needs, and the state tables, or reports diagnostics that point into the user's file. It
 * must be a pure function of what it is given: no files, no clock, no network. What binds without
 * a diagnostic starts.
 *
 * All pointers that a bind function passes in are copied or must live as long as the plan
 * (constants of the plugin; memory from streamd_bind_alloc). Main thread only.
 */
#ifndef STREAMD_BIND_H
#define STREAMD_BIND_H

#include <streamd/batch.h>
#include <streamd/error.h>
#include <streamd/option.h>

#ifdef __cplusplus
extern "C" {
#endif

struct streamd_bind;

/* What an input accepts and an output produces. Bits, so that an input can accept several. */
enum streamd_changelog {
    STREAMD_APPEND = 1, /* inserts only */
    STREAMD_UPSERT = 2, /* insert, update-after and delete by a key */
    STREAMD_RETRACT = 4 /* update-before and update-after in pairs, delete with the whole row */
};

/* How the rows of the inputs must be spread over the tasks of a node. */
enum streamd_partitioning {
    STREAMD_ANY = 1,    /* as they come */
    STREAMD_BY_KEY = 2, /* all rows of a key to one task; the node's key_by */
    STREAMD_SINGLE = 3  /* one task has them all */
};

/* The strongest promise a sink can give for its output. */
enum streamd_delivery { STREAMD_AT_LEAST_ONCE = 1, STREAMD_EXACTLY_ONCE = 2 };

/* What kind of table (state.h), and which events its order index causes. */
enum streamd_table_flags {
    STREAMD_TABLE_UNIQUE = 0,       /* one row per key and namespace */
    STREAMD_TABLE_LIST = 1,         /* any number of rows per key and namespace */
    STREAMD_TABLE_NAMESPACED = 2,   /* rows live in int64 namespaces that can be dropped whole */
    STREAMD_TABLE_ORDERED = 4,      /* indexed by the int64 or timestamp column `order_by` */
    STREAMD_TABLE_EVENT_TIMERS = 8, /* ordered; the timer event comes when the watermark reaches
                                       the smallest value */
    STREAMD_TABLE_PROCESSING_TIMERS = 16, /* ordered; the same by the clock */
    STREAMD_TABLE_BROADCAST = 32, /* not by key: positions, committables; each task has its own
                                     rows, and after a rescale to P tasks those of the old tasks
                                     task, task + P, ...: each row is one task's */
    STREAMD_TABLE_ALL = 64        /* with BROADCAST: after a rescale each task has the rows of all
                                     old tasks */
};

/*
 * One piece of a node's state. The name is part of the identity of the state in every snapshot;
 * so are the columns' names and types. Keys are never json. `order_by` is an index into columns,
 * meaningful with STREAMD_TABLE_ORDERED.
 */
struct streamd_table_decl {
    const char *name;
    uint32_t flags; /* enum streamd_table_flags */
    uint32_t key_count;
    const struct streamd_field *keys;
    uint32_t column_count;
    const struct streamd_field *columns;
    uint32_t order_by;
};

/* The host's side of bind. Call through the functions below. Grows at the end only. */
struct streamd_bind_ops {
    uint32_t size;
    uint32_t (*input_count)(const struct streamd_bind *);
    const struct streamd_schema *(*input)(const struct streamd_bind *, uint32_t index);
    uint32_t (*input_changelog)(const struct streamd_bind *, uint32_t index);
    const struct streamd_strings *(*key_by)(const struct streamd_bind *);
    const struct streamd_schema *(*declared_schema)(const struct streamd_bind *);
    void *(*alloc)(struct streamd_bind *, size_t bytes);
    int (*output)(struct streamd_bind *, const struct streamd_schema *, uint32_t changelog,
                  const struct streamd_strings *upsert_key);
    int (*output_from_input)(struct streamd_bind *, uint32_t field, uint32_t input_field);
    int (*side_output)(struct streamd_bind *, const char *name, const struct streamd_schema *);
    int (*reads)(struct streamd_bind *, uint32_t input_field);
    int (*accepts)(struct streamd_bind *, uint32_t changelogs);
    int (*partitioning)(struct streamd_bind *, uint32_t partitioning);
    int (*delivery)(struct streamd_bind *, uint32_t delivery);
    int (*table)(struct streamd_bind *, const struct streamd_table_decl *);
    int (*aggregate_table)(struct streamd_bind *, const struct streamd_aggregates *,
                           const struct streamd_table_decl *);
    void (*set_private)(struct streamd_bind *, void *);
    void (*error)(struct streamd_bind *, const char *option, int code, const char *message,
                  const char *help);
    int (*max_open_splits)(struct streamd_bind *, uint32_t count);
    int (*unbounded)(struct streamd_bind *);
    int (*output_event_time)(struct streamd_bind *);
    const struct streamd_strings *(*input_key)(const struct streamd_bind *, uint32_t index);
    int (*input_event_time)(const struct streamd_bind *, uint32_t index);
    int (*needs_format)(struct streamd_bind *);
    int (*outbox)(struct streamd_bind *);
};

struct streamd_bind {
    const struct streamd_bind_ops *ops;
};

/* How many edges come in. All have the same schema, but where the descriptor says otherwise. */
static inline uint32_t streamd_bind_input_count(const struct streamd_bind *b)
{
    return b->ops->input_count(b);
}

/* Schema of an input. Lives as long as the plan. */
static inline const struct streamd_schema *streamd_bind_input(const struct streamd_bind *b,
                                                              uint32_t index)
{
    return b->ops->input(b, index);
}

/* The changelog mode of an input: one enum streamd_changelog value. */
static inline uint32_t streamd_bind_input_changelog(const struct streamd_bind *b, uint32_t index)
{
    return b->ops->input_changelog(b, index);
}

/* The upsert key of an input in mode STREAMD_UPSERT; NULL in the other modes. */
static inline const struct streamd_strings *streamd_bind_input_key(const struct streamd_bind *b,
                                                                   uint32_t index)
{
    return b->ops->input_key(b, index);
}

/* The node's `key_by:` fields, checked against the input; count 0 where there are none. */
static inline const struct streamd_strings *streamd_bind_key_by(const struct streamd_bind *b)
{
    return b->ops->key_by(b);
}

/* The node's `schema:` (sources), or NULL where the user gave none. */
static inline const struct streamd_schema *streamd_bind_declared_schema(
    const struct streamd_bind *b)
{
    return b->ops->declared_schema(b);
}

/* Zeroed memory that lives as long as the plan; NULL when there is none. */
static inline void *streamd_bind_alloc(struct streamd_bind *b, size_t bytes)
{
    return b->ops->alloc(b, bytes);
}

/*
 * Declares the main output (number 0). `schema` may be one of the inputs. `upsert_key` names the
 * key of an upsert output, else NULL. A sink has no outputs; here it says which schema it gives to
 * streamd_encode, where that is not its input's (`changelog` is not looked at). 0, or a negative
 * streamd_code after a diagnostic.
 */
static inline int streamd_bind_output(struct streamd_bind *b, const struct streamd_schema *schema,
                                      uint32_t changelog, const struct streamd_strings *upsert_key)
{
    return b->ops->output(b, schema, changelog, upsert_key);
}

/*
 * Says that output field `field` is input field `input_field` passed through, unread: where nobody
 * downstream reads the one, nobody needs the other. A node that never calls this or
 * streamd_bind_reads is taken to read all its input.
 */
static inline int streamd_bind_output_from_input(struct streamd_bind *b, uint32_t field,
                                                 uint32_t input_field)
{
    return b->ops->output_from_input(b, field, input_field);
}

/*
 * Declares a side output, which users address as NODE.NAME. Side outputs are numbered 1, 2, ... in
 * the order of these calls. They are append-only.
 */
static inline int streamd_bind_side_output(struct streamd_bind *b, const char *name,
                                           const struct streamd_schema *schema)
{
    return b->ops->side_output(b, name, schema);
}

/* For streamd_bind_reads: nothing but what expressions and key_by read. */
#define STREAMD_NO_FIELD UINT32_MAX

/* Says that the node itself reads this input field. Expressions and key_by are known already; a
   node that reads nothing else says so with STREAMD_NO_FIELD. */
static inline int streamd_bind_reads(struct streamd_bind *b, uint32_t input_field)
{
    return b->ops->reads(b, input_field);
}

/* Changelog modes that the inputs accept, or-ed. Default: STREAMD_APPEND. */
static inline int streamd_bind_accepts(struct streamd_bind *b, uint32_t changelogs)
{
    return b->ops->accepts(b, changelogs);
}

/* How rows must be spread. Default: STREAMD_BY_KEY with key_by, else STREAMD_ANY. */
static inline int streamd_bind_partitioning(struct streamd_bind *b, uint32_t partitioning)
{
    return b->ops->partitioning(b, partitioning);
}

/* Sinks: the strongest delivery that this configuration can give. Default: at least once. */
static inline int streamd_bind_delivery(struct streamd_bind *b, uint32_t delivery)
{
    return b->ops->delivery(b, delivery);
}

/* Declares a state table. Returns its number (0, 1, ...), or a negative code after a diagnostic. */
static inline int streamd_bind_table(struct streamd_bind *b, const struct streamd_table_decl *decl)
{
    return b->ops->table(b, decl);
}

/*
 * Declares a state table whose columns are those of `decl` followed by the accumulators of
 * `aggregates` (aggregate.h). Returns its number, or a negative code.
 */
static inline int streamd_bind_aggregate_table(struct streamd_bind *b,
                                               const struct streamd_aggregates *aggregates,
                                               const struct streamd_table_decl *decl)
{
    return b->ops->aggregate_table(b, aggregates, decl);
}

/* Keeps a pointer for open: streamd_context.bound. Usually from streamd_bind_alloc. */
static inline void streamd_bind_set_private(struct streamd_bind *b, void *bound)
{
    b->ops->set_private(b, bound);
}

/*
 * Reports a diagnostic at an option of the user's file (`window.every`; "" is the node itself).
 * `code` is a stable number (3900 to 3999 are free for plugins written elsewhere). `help` says how
 * to mend it, or is NULL. Report all there are, then return STREAMD_E_REPORTED from bind.
 */
static inline void streamd_bind_error(struct streamd_bind *b, const char *option, int code,
                                      const char *message, const char *help)
{
    b->ops->error(b, option, code, message, help);
}

/* Sources: at most so many splits are open at once; the least watermark is read first. Default:
   all. */
static inline int streamd_bind_max_open_splits(struct streamd_bind *b, uint32_t count)
{
    return b->ops->max_open_splits(b, count);
}

/* Sources: this configuration never ends by itself; idle_after then has a default. */
static inline int streamd_bind_unbounded(struct streamd_bind *b)
{
    return b->ops->unbounded(b);
}

/* Sources: rows carry an event time of the source's own where the user names no field for it. */
static inline int streamd_bind_output_event_time(struct streamd_bind *b)
{
    return b->ops->output_event_time(b);
}

/* 1 where the rows of an input carry an event time. What works by event time reports a diagnostic
   where they do not. */
static inline int streamd_bind_input_event_time(const struct streamd_bind *b, uint32_t index)
{
    return b->ops->input_event_time(b, index);
}

/* Sinks: the node writes through streamd_encode, so the user must give a `format:`. A sink that
   does not say so may not be given one. */
static inline int streamd_bind_needs_format(struct streamd_bind *b)
{
    return b->ops->needs_format(b);
}

/* Sinks: the node uses the outbox (context.h). Declares its table, `_outbox`, which does not count
   among the numbers that streamd_bind_table gives. */
static inline int streamd_bind_outbox(struct streamd_bind *b)
{
    return b->ops->outbox(b);
}

#ifdef __cplusplus
}
#endif
#endif
