/*
 * streamd/state.h - state tables as an operator uses them.
 *
 * A table has key columns, optionally an int64 namespace (a window's start), and value columns.
 * A row is a piece of memory laid out as struct streamd_row_layout says; operators read and write
 * its fixed values in place. Values of variable length are a struct streamd_var in the row and
 * bytes elsewhere.
 *
 *   row:  nulls | key 0 | key 1 | ... | column 0 | column 1 | ...     (each at layout->offsets[i])
 *
 * Pointers to rows are valid until the next call on the same table that may create or erase rows;
 * bytes of variable values until the next streamd_table_reserve on the same row and column.
 * No state is reachable otherwise, so none can be forgotten in a snapshot: an operator keeps no
 * memory across events outside of its tables, but for what it can rebuild from them.
 *
 * Everything here is for the dataflow thread.
 */
#ifndef STREAMD_STATE_H
#define STREAMD_STATE_H

#include <streamd/batch.h>
#include <streamd/bind.h>

#ifdef __cplusplus
extern "C" {
#endif

struct streamd_table;

/* A value of variable length inside a row. `data` belongs to the table and may be NULL where
   length is 0. Grow it with streamd_table_reserve only. */
struct streamd_var {
    uint8_t *data;
    uint32_t length;
    uint32_t capacity;
};

/*
 * Where things are in a row. Index i counts the keys first, then the columns. Bit i of the bytes
 * at the row's start says that value i is NULL. Decimals are 8-byte aligned only: read them with
 * memcpy. Sizes in bytes.
 */
struct streamd_row_layout {
    uint32_t row_size; /* a multiple of 8 */
    uint32_t key_count;
    uint32_t value_count;               /* keys and columns together */
    const uint32_t *offsets;            /* value_count */
    const struct streamd_field *fields; /* value_count */
};

/* Keys of n rows: the columns in the order of the declaration, by physical row of the batch they
   come from; row numbers in sel (NULL: 0 .. n - 1); their hash, by physical row too. */
struct streamd_keys {
    uint32_t n;
    const uint16_t *sel;
    const struct streamd_column *const *columns;
    const uint64_t *hash;
};

enum streamd_lookup_mode {
    STREAMD_LOOKUP_FIND = 0,   /* rows[k] is NULL where there is none */
    STREAMD_LOOKUP_CREATE = 1, /* creates what is missing: keys set, columns zero and not NULL */
    STREAMD_LOOKUP_READ = 2    /* as FIND, and the rows will not be written to */
};

/* Position of a scan; start with {0}. Not valid across changes of the namespace scanned, except
   that rows already returned may be erased. */
struct streamd_cursor {
    uint64_t position;
    uint64_t reserved;
};

/*
 * Who takes a snapshot bit by bit; for the engine and backends, not for operators. `take` copies
 * rows of a namespace, each once, as they were when the snapshot began. It cannot fail: it
 * remembers that there was no memory. It must not call the table.
 */
struct streamd_shadow {
    void *self;
    void (*take)(void *self, int64_t ns, void *const *rows, uint32_t n);
};

/* What a backend does for a table. Called through the functions below, which are the manual. */
struct streamd_table_ops {
    uint32_t size;
    int (*lookup)(struct streamd_table *, int64_t, const struct streamd_keys *, int, void **,
                  uint8_t *);
    int (*append)(struct streamd_table *, int64_t, const struct streamd_keys *, void **);
    void *(*next)(struct streamd_table *, int64_t, void *);
    uint32_t (*scan)(struct streamd_table *, int64_t, struct streamd_cursor *, void **, uint32_t);
    uint64_t (*rows)(struct streamd_table *, int64_t);
    uint32_t (*namespaces)(struct streamd_table *, int64_t, int64_t *, uint32_t);
    void (*drop)(struct streamd_table *, int64_t);
    int (*erase)(struct streamd_table *, int64_t, void *const *, uint32_t);
    void *(*reserve)(struct streamd_table *, void *, uint32_t, uint32_t);
    uint32_t (*due)(struct streamd_table *, int64_t, void **, uint32_t);
    int (*reorder)(struct streamd_table *, void *const *, uint32_t);
    int (*first)(struct streamd_table *, int64_t *);
    /* Where a backend does not know of seals, both are NULL. */
    void (*seal)(struct streamd_table *, int64_t);
    uint64_t (*sealed)(struct streamd_table *, int64_t);
    /*
     * Snapshots bit by bit, of tables that are no LIST; where a backend has none of it, all three
     * are NULL and the engine copies tables at once. begin: a namespace takes part from now on;
     * rows are given to `shadow` before they change, and are gone through by step; 0 or
     * STREAMD_E_NOMEM. step: goes on with about so many rows; 0 when all were given. end: as if it
     * had not begun.
     */
    int (*shadow_begin)(struct streamd_table *, const struct streamd_shadow *, int64_t);
    int (*shadow_step)(struct streamd_table *, uint64_t);
    void (*shadow_end)(struct streamd_table *);
};

/* The head of every open table, whatever its backend. */
struct streamd_table {
    const struct streamd_table_ops *ops;
    const struct streamd_row_layout *layout;
    const struct streamd_table_decl *decl;
};

/*
 * Finds (or creates) the row of each key: rows[k] for k < keys->n. The same key twice gets the same
 * pointer twice. `created`, where not NULL, gets 1 for the first k of a row made by this call, else
 * 0. In a LIST table rows[k] is the first row of the key; only STREAMD_LOOKUP_FIND is allowed
 * there, else STREAMD_E_STATE. `ns` is 0 for tables without namespaces. 0, or STREAMD_E_NOMEM /
 * STREAMD_E_LIMIT: nothing was created then.
 */
static inline int streamd_table_lookup(struct streamd_table *t, int64_t ns,
                                       const struct streamd_keys *keys,
                                       enum streamd_lookup_mode mode, void **rows, uint8_t *created)
{
    if (mode == STREAMD_LOOKUP_CREATE && (t->decl->flags & STREAMD_TABLE_LIST))
        return STREAMD_E_STATE;
    return t->ops->lookup(t, ns, keys, (int)mode, rows, created);
}

/* LIST tables: adds one row per key, at the end of its list. Values as after STREAMD_LOOKUP_CREATE.
   In other tables STREAMD_E_STATE. */
static inline int streamd_table_append(struct streamd_table *t, int64_t ns,
                                       const struct streamd_keys *keys, void **rows)
{
    if (!(t->decl->flags & STREAMD_TABLE_LIST))
        return STREAMD_E_STATE;
    return t->ops->append(t, ns, keys, rows);
}

/* LIST tables: the next row of the same key, in the order of appending, or NULL. */
static inline void *streamd_table_next(struct streamd_table *t, int64_t ns, void *row)
{
    return t->ops->next(t, ns, row);
}

/* Up to `max` more rows of a namespace, in memory order. 0: the scan has ended. */
static inline uint32_t streamd_table_scan(struct streamd_table *t, int64_t ns,
                                          struct streamd_cursor *cursor, void **rows, uint32_t max)
{
    return t->ops->scan(t, ns, cursor, rows, max);
}

/* How many rows a namespace has. */
static inline uint64_t streamd_table_rows(struct streamd_table *t, int64_t ns)
{
    return t->ops->rows(t, ns);
}

/* Up to `max` namespaces that hold rows and are >= from, ascending. */
static inline uint32_t streamd_table_namespaces(struct streamd_table *t, int64_t from, int64_t *out,
                                                uint32_t max)
{
    return t->ops->namespaces(t, from, out, max);
}

/* Removes a namespace with all its rows, at once. One that is not there is fine. */
static inline void streamd_table_drop(struct streamd_table *t, int64_t ns)
{
    t->ops->drop(t, ns);
}

/* Removes rows. Other row pointers stay valid. */
static inline int streamd_table_erase(struct streamd_table *t, int64_t ns, void *const *rows,
                                      uint32_t n)
{
    return t->ops->erase(t, ns, rows, n);
}

/*
 * Gives value `index` (of variable length; counted as in the layout) of a row room for `capacity`
 * bytes, keeps its content, and returns its data. Grows by doubling. NULL: no memory. Set `length`
 * yourself.
 */
static inline void *streamd_table_reserve(struct streamd_table *t, void *row, uint32_t index,
                                          uint32_t capacity)
{
    return t->ops->reserve(t, row, index, capacity);
}

/*
 * ORDERED tables: up to `max` rows whose order value, as the index knows it, is <= until, smallest
 * first. Each row returned leaves the index: erase it, or put it back with streamd_table_reorder.
 * A new row enters the index at its first streamd_table_reorder. Changing the order value does not
 * move the row in the index: raise it freely, look again when it comes due, and reorder it then;
 * before lowering it, reorder at once. A snapshot has the rows and not the index: after a restore
 * all are in it but those whose order value is NULL.
 */
static inline uint32_t streamd_table_due(struct streamd_table *t, int64_t until, void **rows,
                                         uint32_t max)
{
    return t->ops->due(t, until, rows, max);
}

/* ORDERED tables: puts rows into the index at their present order value, or moves them there. 0 or
   STREAMD_E_NOMEM. */
static inline int streamd_table_reorder(struct streamd_table *t, void *const *rows, uint32_t n)
{
    return t->ops->reorder(t, rows, n);
}

/* ORDERED tables: 1 and the smallest order value in the index, or 0 where it is empty. */
static inline int streamd_table_first(struct streamd_table *t, int64_t *value)
{
    return t->ops->first(t, value);
}

/*
 * Says that the rows of a namespace are not expected to change any more. Checkpoints then write
 * them once, and later ones refer to what was written. A hint that may turn out to be wrong: lookup
 * (but for STREAMD_LOOKUP_READ), append, erase, reserve and drop open the namespace again. What
 * comes from elsewhere (scan, next, due, or calls before this one) must not be written to while it
 * is sealed. A restore does not bring seals back.
 */
static inline void streamd_table_seal(struct streamd_table *t, int64_t ns)
{
    if (t->ops->seal)
        t->ops->seal(t, ns);
}

/* 0 where a namespace is not sealed; else a number that no other sealing in this table had. */
static inline uint64_t streamd_table_sealed(struct streamd_table *t, int64_t ns)
{
    return t->ops->sealed ? t->ops->sealed(t, ns) : 0;
}

/* Address of value `index` in a row. */
static inline void *streamd_row_value(const struct streamd_row_layout *l, void *row, uint32_t index)
{
    return (uint8_t *)row + l->offsets[index];
}

/* Is value `index` of a row NULL? */
static inline int streamd_row_is_null(const void *row, uint32_t index)
{
    return ((unsigned)((const uint8_t *)row)[index >> 3] >> (index & 7u)) & 1u;
}

/* Sets or clears the NULL mark of value `index`. */
static inline void streamd_row_set_null(void *row, uint32_t index, int null)
{
    uint8_t *byte = (uint8_t *)row + (index >> 3);
    uint8_t bit = (uint8_t)(1u << (index & 7u));
    *byte = null ? (uint8_t)(*byte | bit) : (uint8_t)(*byte & ~bit);
}

#ifdef __cplusplus
}
#endif
#endif
