/*
 * The state backend `memory`, seen from inside.
 *
 *   table ---> spaces, sorted by namespace          one hash table and its rows per namespace
 *                |
 *   space   slots [ tag | number+1 ] [ ... ]        open addressing, power of two, at most 0.6
 * full; |                        the bucket is the low bits of the hash segments       v [ head row
 * | head row | ... ] [ ... ]   rows in the order of their creation; never moved
 *             |
 *             +-> slab [ bytes ] [ bytes ] ...      values of variable length, but for short keys,
 *                                                   which lie behind their row
 *
 * A slot holds the low 32 bits of a row's hash (the tag) and its number, so that a table grows
 * without a look at its rows; from a bucket of the old table entries go to one of two buckets of
 * the new one, and growing is two sequential streams. A row's number and hash stand in its head, in
 * front of what the operator sees.
 */
#ifndef STATE_MEMORY_TABLE_H
#define STATE_MEMORY_TABLE_H

#include <streamd/backend.h>

#include "slab.h"

/* A row's head ends where the row begins. Which parts are there depends on the kind of table:

     [ row_index ] [ row_home ] [ row_links ] row_head | row */
struct space;

struct row_head {
    uint32_t number; /* in its space; ROW_DEAD: erased */
    uint32_t hash;   /* low 32 bits; of an erased row: number + 1 of the next one, 0: none */
};

/* In front of the head, in LIST tables. The first row's `previous` is the last row. */
struct row_links {
    uint32_t next, previous; /* number + 1; next is 0 at the end */
};

/* Farther in front, in namespaced tables that are ORDERED or have values of variable length. */
struct row_home {
    struct space *space;
};

/* Foremost, in ORDERED tables. */
struct row_index {
    uint32_t stamp;   /* entries of the index with another stamp are stale */
    uint32_t indexed; /* 1: an entry with this stamp is in the index */
};

#define ROW_DEAD UINT32_MAX

enum { SHADOW_CHUNK = 32 }; /* rows that are given to a snapshot at once */

#define ROW_LIMIT (UINT32_MAX - 2) /* rows of a space */

/*
 * Segments: numbers below 16 lie in one, [2^b, 2^(b+1)) in one for b < 12 and in four for b >= 12.
 * So a small space is small, a large one has at most a quarter of its rows unused, and where a row
 * lies is a matter of a few instructions.
 */
enum { SEGMENT_FIRST_BITS = 4, SEGMENT_SPLIT_BITS = 12, SEGMENT_COUNT = 32 * 4 };

struct space {
    int64_t id;
    struct space *next; /* of those that leave (shadow.c) */
    uint64_t *slots;    /* tag << 32 | number + 1; low half 0: free */
    uint32_t mask;      /* slots - 1; 0 with slots NULL: none yet */
    uint32_t used;      /* slots in use */
    uint32_t limit;     /* so many may be in use */
    uint32_t end;       /* numbers given out so far */
    uint32_t room;      /* numbers that have memory */
    uint32_t free;      /* number + 1 of an erased row, 0: none */
    uint64_t rows;      /* that live */
    uint64_t seal;      /* 0: open */
    /* A snapshot under way has the rows below shadow_end, 0: none; which chunks were taken, and
       where the sweep is. */
    uint64_t *shadow_taken;
    uint32_t shadow_end, shadow_at;
    size_t bytes; /* of slots and segments */
    struct slab slab;
    /* Where number 0 would lie if the segment went back that far: the row at `number` is at
       origin[i] + number * stride, i as segment_of says. */
    uintptr_t origin[SEGMENT_COUNT];
};

/* How one key column is compared and copied. */
enum key_kind { KEY_BYTE, KEY_WORD, KEY_LONG, KEY_DOUBLE, KEY_DECIMAL, KEY_BYTES };

struct key_plan {
    enum key_kind kind;
    uint32_t offset; /* in the row */
};

struct index_entry {
    int64_t value;
    uint8_t *row;
    uint32_t stamp;
};

/* A 4-ary heap. Entries whose stamp is not their row's are stale: skipped when they come up. */
struct order_index {
    struct index_entry *entries;
    size_t count, capacity;
    size_t live; /* entries that are not stale */
};

struct table {
    struct streamd_table head; /* first: what operators hold */
    struct streamd_context *context;
    struct space **spaces; /* ascending by id */
    uint32_t space_count, space_capacity;
    struct space *last; /* the space used last, or NULL */

    struct space *spare[8]; /* dropped spaces whose memory waits for the next one */
    uint32_t spare_count;
    size_t spare_bytes;
    size_t live_bytes; /* of the spaces in use */
    size_t high_bytes; /* what they needed lately */
    uint32_t expected; /* rows of the space that was dropped last */
    uint64_t seals;    /* the last one given out */

    const struct streamd_shadow *shadow;
    struct space *leaving;  /* dropped, but not swept yet */
    uint32_t shadow_spaces; /* that take part, those that leave among them */
    int64_t shadow_id;      /* those with a lower id have been swept */

    int ordered, list;
    uint32_t stride;       /* bytes from row to row: head, row, short keys */
    uint32_t head_size;    /* bytes in front of a row */
    uint32_t home_offset;  /* bytes from the row_home to the row; 0: all rows are in space 0 */
    uint32_t order_offset; /* of the order value in a row */
    struct order_index index;
    struct key_plan keys[]; /* layout->key_count */
};

/* The backend's table behind what an operator holds. */
static inline struct table *table_of(struct streamd_table *t)
{
    return (struct table *)(void *)t;
}

/* Without keys a table has one row per namespace, which is in no slot. */
static inline int is_single(const struct table *t)
{
    return t->head.layout->key_count == 0 && !t->list;
}

/* The parts in front of a row. */
static inline struct row_head *head_of(void *row)
{
    return (struct row_head *)row - 1;
}

/* Of LIST tables only. */
static inline struct row_links *links_of(void *row)
{
    return (struct row_links *)row - 2;
}

/* Of ORDERED tables only. */
static inline struct row_index *index_of(const struct table *t, void *row)
{
    return (struct row_index *)(void *)((uint8_t *)row - t->head_size);
}

/* Where t->home_offset is not 0. */
static inline struct row_home *home_of(const struct table *t, void *row)
{
    return (struct row_home *)(void *)((uint8_t *)row - t->home_offset);
}

/* The space of a row. */
static inline struct space *space_of(const struct table *t, void *row)
{
    return t->home_offset ? home_of(t, row)->space : t->spaces[0];
}

/* The entry of space.origin for a number. */
static inline uint32_t segment_of(uint32_t number)
{
    uint32_t bit = 31u - (uint32_t)__builtin_clz(number | ((1u << SEGMENT_FIRST_BITS) - 1));

    return bit * 4 + ((number >> (bit - 2)) & 3u);
}

/* The row of a number that was given out. */
static inline uint8_t *row_at(const struct table *t, const struct space *s, uint32_t number)
{
    return (uint8_t *)(s->origin[segment_of(number)] + (uintptr_t)number * t->stride);
}

/* ---- space.c */

/* The space of a namespace, or NULL; the same, made where it is missing (NULL: no memory). */
struct space *space_find(struct table *t, int64_t id);
struct space *space_make(struct table *t, int64_t id);
/* Number of the first space with an id >= id; space_count: none. */
uint32_t space_position(const struct table *t, int64_t id);
/* Takes a space out of the table and keeps or releases its memory, after the sweep where a snapshot
   is under way; and the latter alone. */
void space_drop(struct table *t, int64_t id);
void space_release(struct table *t, struct space *s);
void space_free_all(struct table *t);
/* Room for `more` further entries in the slots. 0, or STREAMD_E_NOMEM / STREAMD_E_LIMIT. */
int space_reserve(struct table *t, struct space *s, uint32_t more);
/* A row with number and hash set, all else zero; not in the slots yet. NULL: no memory. */
uint8_t *space_new_row(struct table *t, struct space *s, uint32_t hash);
/* Gives a row and its variable values back. It must be in no slot, list or index any more. */
void space_free_row(struct table *t, struct space *s, uint8_t *row);
/* Takes the entry of a row out of the slots, or lets it point to another row. */
void slot_remove(struct space *s, uint32_t hash, uint32_t number);
void slot_point(struct space *s, uint32_t hash, uint32_t number, uint32_t to);

/* ---- lookup.c */

/* As streamd_table_lookup. */
int table_lookup(struct streamd_table *t, int64_t ns, const struct streamd_keys *keys, int mode,
                 void **rows, uint8_t *created);

/* ---- keys.c */

/* Is the key of a row that of physical row `at` of the columns? */
int key_equals(const struct table *t, const uint8_t *row,
               const struct streamd_column *const *columns, uint32_t at);
/* Writes the key of physical row `at` into a new row. 0 or STREAMD_E_NOMEM. */
int key_store(struct table *t, struct space *s, uint8_t *row,
              const struct streamd_column *const *columns, uint32_t at);
/* ok[k] stays 1 where key `key` of rows[k] is that of at[k]; where it is 0 rows[k] may be NULL. */
void key_compare(const struct table *t, uint32_t key, void *const *rows,
                 const struct streamd_column *column, const uint16_t *at, uint32_t n, uint8_t *ok);

/* ---- list.c */

/* As streamd_table_append; streamd_table_next. */
int table_append(struct streamd_table *t, int64_t ns, const struct streamd_keys *keys, void **rows);
void *table_next(struct streamd_table *t, int64_t ns, void *row);
/* Takes a row out of the list of its key and out of the slots. */
void list_unlink(struct table *t, struct space *s, uint8_t *row);

/* ---- shadow.c */

/* As in struct streamd_table_ops. */
int shadow_begin(struct streamd_table *table, const struct streamd_shadow *shadow, int64_t ns);
int shadow_step(struct streamd_table *table, uint64_t rows);
void shadow_end(struct streamd_table *table);
/* Gives the chunk of a number below s->shadow_end to the snapshot, unless it has it. */
void shadow_take(struct table *t, struct space *s, uint32_t number);
/* The same for rows that are about to be written to; rows[k] may be NULL. */
void shadow_take_rows(struct table *t, struct space *s, void *const *rows, uint32_t n);

/* ---- index.c */

/* As streamd_table_due, _reorder and _first. */
uint32_t table_due(struct streamd_table *t, int64_t until, void **rows, uint32_t max);
int table_reorder(struct streamd_table *t, void *const *rows, uint32_t n);
int table_first(struct streamd_table *t, int64_t *value);
/* Takes a row out of the index where it is in it; its entry becomes stale. */
void index_forget(struct table *t, uint8_t *row);
/* Removes stale entries; needed before memory of rows goes away. */
void index_purge(struct table *t);

#endif
